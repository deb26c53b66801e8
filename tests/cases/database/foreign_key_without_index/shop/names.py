VISITS = "visits"
