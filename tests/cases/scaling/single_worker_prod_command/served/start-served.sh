#!/bin/sh
if [ "$1" = web ]; then
    exec uvicorn shop.main:app --reload --host 0.0.0.0
elif [ "$1" = web-prod ]; then
    exec uvicorn shop.main:app --host 0.0.0.0 --workers 4
# FP711
elif [ "$1" = jobs ]; then exec uvicorn shop.jobs:app --reload
fi
