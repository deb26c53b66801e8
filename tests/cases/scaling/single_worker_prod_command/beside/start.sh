#!/bin/sh
exec gunicorn "$APP_MODULE" --workers 4
