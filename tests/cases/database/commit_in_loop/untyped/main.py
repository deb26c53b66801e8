from fastapi import FastAPI, Request

from .crud import Products, confirm_each, create, create_each, index_each, index_objects, record_each, rename

app = FastAPI()


@app.post("/products/import")
def import_products(names: list[str], request: Request) -> None:
    for name in names:
        create(request.state.db, name)  # FP212


@app.post("/products/each")
def each_product(names: list[str], request: Request) -> None:
    create_each(request.state.db, names)


@app.post("/products/rename")
async def rename_products(names: dict[int, str], request: Request) -> None:
    for number, name in names.items():
        await rename(request.state.db, number, name)


@app.post("/products/all")
async def all_products(names: list[str], request: Request) -> None:
    products = Products(request.state.db)
    for name in names:
        await products.create(name)  # FP212 (summary)


@app.post("/products/index")
def index(names: list[str], request: Request) -> None:
    index_each(request.state.writer, names)
    index_objects(request.state.writer, names)
    confirm_each(request.state.consumer, names)
    record_each(request.state.repository, names)
