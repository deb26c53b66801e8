def render_invoice(order_id: int, quantities: list[int]) -> bytes:
    """Lays the invoice out; some hundred milliseconds for a long order."""
    lines = [f"position {number}: {quantity}" for number, quantity in enumerate(quantities, 1)]
    return "\n".join([f"INVOICE {order_id}", *lines]).encode()
