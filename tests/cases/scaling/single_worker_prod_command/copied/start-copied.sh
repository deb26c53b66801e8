#!/bin/sh
uvicorn copied.main:app --reload
