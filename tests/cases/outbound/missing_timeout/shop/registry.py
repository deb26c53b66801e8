from shop.connector import Connector

CONNECTORS = {"shop": Connector}
