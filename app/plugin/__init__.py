"""What runs in other people's processes: nothing here imports anything else of ours."""
