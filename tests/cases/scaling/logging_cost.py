"""FP717: log records that cost the request something."""

import json
import logging
from logging.handlers import HTTPHandler, RotatingFileHandler, SMTPHandler

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
logger = logging.getLogger(__name__)


class Basket(BaseModel):
    numbers: list[str]


logger.addHandler(HTTPHandler("logs.example", "/records"))  # FP717
logger.addHandler(SMTPHandler("mail.example", "a@example", ["b@example"], "failed"))  # FP717
logger.addHandler(RotatingFileHandler("shop.log"))
logger.addHandler(logging.StreamHandler())


@app.post("/baskets")
async def store(basket: Basket) -> None:
    logger.debug(f"stored {basket.model_dump_json()}")  # FP717
    logger.debug("stored %s", json.dumps(basket.numbers))  # FP717
    logger.debug("stored %s of %d", basket, len(basket.numbers))
    logger.info("stored %s", basket.model_dump_json())
    if logger.isEnabledFor(logging.DEBUG):
        logger.debug("stored %s", basket.model_dump_json())
    (logger.debug("stored %s", basket.model_dump_json()) if logger.isEnabledFor(logging.DEBUG) else None)
    try:
        basket.numbers.sort()
    except TypeError:
        logger.debug("odd %s", basket.model_dump_json())


def tool(basket: Basket) -> None:
    logger.debug("stored %s", basket.model_dump_json())


def chosen(host: str) -> logging.Handler:
    return logging.handlers.HTTPHandler(host, "/log")  # FP717 (summary)
