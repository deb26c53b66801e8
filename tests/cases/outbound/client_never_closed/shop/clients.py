import aiohttp
import httpx

client = httpx.AsyncClient()
session = aiohttp.ClientSession()  # FP611
