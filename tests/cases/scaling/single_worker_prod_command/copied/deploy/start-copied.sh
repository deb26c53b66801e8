#!/bin/sh
exec gunicorn copied.main:app --workers 4 --max-requests 1000
