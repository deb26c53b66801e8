def label_for(order_id: int, product_count: int) -> str:
    return f"SHOP-{order_id:08d}/{product_count}"
