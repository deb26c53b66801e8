from sqlalchemy import text

COLUMNS = "id, number, customer_id, total"
PARCELS = """
SELECT id, number, weight, carrier, sender, receiver, street, city, country, packed_at, sent_at, delivered_at, note
FROM parcels
ORDER BY sent_at DESC, packed_at DESC, number, carrier, sender, receiver, street, city, country, delivered_at, note
"""
CRATES = text("SELECT id, number, weight, carrier, sender, receiver, street, city, country FROM crates")
FIRST_CRATES = CRATES_PAGE = "SELECT id, number FROM crates ORDER BY number LIMIT 50"
NEWEST = f"SELECT {COLUMNS} FROM parcels"


class Sacks:
    ALL = "SELECT id, number, weight, carrier, sender, receiver, street, city, country, packed_at, note FROM sacks"
    ONE = "SELECT * FROM sacks WHERE id = :id"
