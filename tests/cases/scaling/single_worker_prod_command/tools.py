import uvicorn

if __name__ == "__main__":
    uvicorn.run("shop.main:app", reload=True)
