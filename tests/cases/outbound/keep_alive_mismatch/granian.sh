granian shop.main:app
