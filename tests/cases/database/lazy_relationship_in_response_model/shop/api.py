from typing import Annotated

from fastapi import Depends, FastAPI
from fastapi_pagination import Page as LibraryPage
from fastapi_pagination.ext.sqlalchemy import paginate
from pydantic import TypeAdapter, parse_obj_as
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, joinedload, selectinload

from shop import crud, schemas
from shop.db import get_async_session, get_session
from shop.models import Customer, Item, Order
from shop.repository import CustomerRepository, OrderRepository
from shop.schemas import Page

app = FastAPI()
SessionDep = Annotated[Session, Depends(get_session)]
AsyncSessionDep = Annotated[AsyncSession, Depends(get_async_session)]


@app.get("/orders", response_model=list[schemas.OrderOut])
def orders(session: SessionDep, limit: int = 100):
    return crud.list_orders(session, limit)


@app.get("/orders/brief")
def brief(session: SessionDep) -> list[schemas.OrderBrief]:
    return session.query(Order).all()


@app.get("/orders/counted", response_model=schemas.OrderPage)
def counted(session: SessionDep):
    found, count = crud.counted(session)
    return {"data": found, "count": count}


@app.get("/orders/page")
def page(session: SessionDep) -> schemas.OrderPage:
    found = session.scalars(select(Order)).all()  # FP204
    return schemas.OrderPage(data=found, count=len(found))


@app.get("/orders/generic")
def generic(session: SessionDep) -> LibraryPage[schemas.OrderOut]:
    return paginate(session, select(Order).order_by(Order.id))  # FP204


@app.get("/orders/sometimes", response_model=list[schemas.OrderOut])
def sometimes(session: SessionDep, deep: bool = False):
    return crud.sometimes(session, deep)


@app.get("/orders/always", response_model=list[schemas.OrderOut])
def always(session: SessionDep, mine: bool = False):
    return crud.always(session, mine) or crud.on_both_paths(session, mine)


@app.get("/orders/shallow", response_model=list[schemas.OrderDeep])
def shallow(session: SessionDep):
    return crud.shallow(session)


@app.get("/orders/deep", response_model=list[schemas.OrderDeep])
def deep(session: SessionDep):
    return crud.deep(session)


@app.get("/orders/aliased", response_model=list[schemas.OrderAliased])
def aliased(session: SessionDep):
    return session.scalars(select(Order)).all()  # FP204


@app.get("/orders/renamed", response_model=list[schemas.OrderRenamed])
def renamed(session: SessionDep):
    return session.scalars(select(Order)).all()


@app.get("/orders/validated", response_model=list[schemas.OrderValidated])
def validated(session: SessionDep):
    return session.scalars(select(Order)).all()


@app.get("/orders/by-hand")
def by_hand(session: SessionDep) -> list[schemas.OrderOut]:
    rows = session.scalars(select(Order))  # FP204
    return [schemas.OrderOut.model_validate(row) for row in rows]


@app.get("/orders/filtered", response_model=list[schemas.OrderOut])
def filtered(session: SessionDep):
    found = session.scalars(select(Order)).all()
    for order in found:
        order.items = [item for item in order.items if item.id]
    return found


@app.get("/orders/dictionaries", response_model=list[schemas.OrderOut])
def dictionaries(session: SessionDep):
    return [{"id": row.id, "items": []} for row in session.scalars(select(Order))]


@app.get("/orders/excluded", response_model=list[schemas.OrderOut], response_model_exclude={"items"})
def excluded(session: SessionDep):
    return session.scalars(select(Order)).all()


@app.get("/orders/unreadable", response_model=list[schemas.OrderOut])
def unreadable(session: SessionDep):
    return crud.unreadable(session, [])


@app.get("/orders/columns", response_model=list[schemas.OrderOut])
def columns(session: SessionDep):
    return crud.columns(session)


@app.get("/orders/untyped")
def untyped(session: SessionDep):
    return crud.unserved(session)


@app.get("/orders/recent", response_model=list[schemas.OrderOut])
def recent(session: SessionDep):
    return OrderRepository(session).recent(20)


@app.get("/orders/complete", response_model=list[schemas.OrderDeep])
def complete(session: SessionDep):
    return OrderRepository(session).complete()


@app.get("/orders/everything", response_model=list[schemas.OrderOut])
def everything(session: SessionDep):
    return OrderRepository(session).everything()


@app.get("/orders/{order_id}", response_model=schemas.OrderOut)
def one(session: SessionDep, order_id: int):
    return crud.one(session, order_id)


@app.get("/loaded/{order_id}", response_model=schemas.OrderOut)
def one_loaded(session: SessionDep, order_id: int):
    return crud.one_loaded(session, order_id)


@app.get("/deep/{order_id}", response_model=schemas.OrderDeep)
def one_deep(session: SessionDep, order_id: int):
    return crud.one_deep(session, order_id)


@app.get("/first", response_model=list[schemas.OrderOut])
def first_only(session: SessionDep):
    return crud.first_only(session)


@app.get("/customers", response_model=list[schemas.CustomerOut])
def customers(session: SessionDep):
    return CustomerRepository(session).everyone()


@app.get("/customers/shouted", response_model=list[schemas.CustomerShouted])
def shouted(session: SessionDep):
    return session.scalars(select(Customer)).all()


@app.get("/async", response_model=list[schemas.OrderOut])
async def awaited(session: AsyncSessionDep):
    return await crud.awaited(session)


@app.get("/own-page", response_model=Page[schemas.OrderOut])
def own_page(session: SessionDep):
    return Page(items=session.scalars(select(Order)).all(), total=1)  # FP204


@app.get("/orders/lines", response_model=list[schemas.OrderLines])
def lines_know_their_order(session: SessionDep):
    return session.scalars(select(Order).options(selectinload(Order.items))).all()


@app.get("/orders/by-customer", response_model=list[schemas.OrderOfCustomer])
def with_customers(session: SessionDep):
    return session.scalars(select(Order)).all()  # FP204


@app.get("/customers/{customer_id}/orders", response_model=list[schemas.OrderOfCustomer])
def of_one_customer(session: SessionDep, customer_id: int):
    return session.scalars(select(Order).where(Order.customer_id == customer_id)).all()


@app.get("/orders/sometimes-deep", response_model=list[schemas.OrderDeep])
def sometimes_deep(session: SessionDep, deep: bool = False):
    return crud.sometimes_without_products(session, deep)


@app.get("/orders/handed-on", response_model=list[schemas.OrderOut])
def handed_on(session: SessionDep, deep: bool = False):
    return crud.handed_on(session, deep)


@app.get("/orders/listed-options", response_model=list[schemas.OrderDeep])
def listed_options(session: SessionDep, deep: bool = False):
    return crud.listed_options(session, deep)


@app.get("/orders/listed-without-products", response_model=list[schemas.OrderDeep])
def listed_without_products(session: SessionDep, deep: bool = False):
    return crud.listed_without_products(session, deep)


@app.get("/orders/filled-elsewhere", response_model=list[schemas.OrderOut])
def filled_elsewhere(session: SessionDep):
    return crud.filled_elsewhere(session)


@app.get("/orders/options-of-repository", response_model=list[schemas.OrderDeep])
def options_of_repository(session: SessionDep):
    return OrderRepository(session).whole()


@app.get("/orders/few-options-of-repository", response_model=list[schemas.OrderDeep])
def few_options_of_repository(session: SessionDep):
    return OrderRepository(session).partly()


@app.get("/orders/options-of-another-file", response_model=list[schemas.OrderOut])
def options_of_another_file(session: SessionDep):
    return session.scalars(select(Order).options(*OrderRepository.few_options())).all()


@app.get("/orders/options-of-another-file/deep", response_model=list[schemas.OrderDeep])
def deep_options_of_another_file(session: SessionDep):
    return session.scalars(select(Order).options(*OrderRepository.few_options())).all()  # FP204


@app.get("/orders/paged", response_model=schemas.OrderPage)
def paged(session: SessionDep, number: int = 0):
    return crud.page_of(session.query(Order), number, 20)  # FP204


@app.get("/orders/paged/made", response_model=schemas.OrderPage)
def paged_and_made(session: SessionDep, number: int = 0):
    found = crud.page_of(session.query(Order).order_by(Order.id), number, 20)  # FP204
    return schemas.OrderPage(**found)


@app.get("/orders/paged/taken-out", response_model=list[schemas.OrderOut])
def paged_and_taken_out(session: SessionDep, number: int = 0):
    found = crud.page_of(session.query(Order), number, 20)  # FP204
    return found["data"]


@app.get("/orders/paged/loaded", response_model=schemas.OrderPage)
def paged_and_loaded(session: SessionDep, number: int = 0):
    return crud.page_of(session.query(Order).options(selectinload(Order.items)), number, 20)


@app.get("/orders/paged/whole")
def paged_whole(session: SessionDep) -> schemas.OrderPage:
    return schemas.OrderPage(**crud.whole_page(session))


@app.get("/orders/paged/counted")
def paged_count(session: SessionDep, number: int = 0) -> int:
    return crud.page_of(session.query(Order), number, 20)["count"]


@app.get("/orders/mapped")
def mapped(session: SessionDep):
    return list(map(schemas.OrderOut.model_validate, session.query(Order).all()))  # FP204


@app.get("/orders/adapted")
def adapted(session: SessionDep):
    found = session.query(Order).all()  # FP204
    return parse_obj_as(list[schemas.OrderOut], found), TypeAdapter(list[schemas.OrderBrief]).validate_python(
        found
    )


@app.get("/orders/collected", response_model=list[schemas.OrderOut])
def collected(session: SessionDep):
    found = []
    for order in session.query(Order).all():  # FP204
        if order.customer_id:
            found.append(order)
    return found


@app.get("/orders/collected/dictionaries", response_model=list[schemas.OrderOut])
def collected_dictionaries(session: SessionDep):
    found = []
    for order in session.query(Order).all():
        found.append({"id": order.id, "items": []})
    return found


@app.get("/orders/collected/either", response_model=list[schemas.OrderOut])
def collected_either(session: SessionDep):
    found = []
    for order in session.query(Order).all():
        found.append(order)
        found.append(schemas.OrderOut(id=0, items=[]))
    return found


def order_service(session: SessionDep) -> crud.OrderService:
    return crud.OrderService(session)


@app.get("/orders/service", response_model=list[schemas.OrderOut])
def from_a_service(service: Annotated[crud.OrderService, Depends(order_service)]):
    return service.all()


@app.get("/orders/service/loaded", response_model=list[schemas.OrderOut])
def loaded_by_a_service(service: Annotated[crud.OrderService, Depends(order_service)]):
    return service.first()


@app.get("/customers/counted", response_model=list[schemas.CustomerCounted])
def counted_customers(session: SessionDep):
    return session.scalars(select(Customer).limit(50)).all()


@app.get("/customers/{customer_id}", response_model=schemas.CustomerAlone)
def one_customer(session: SessionDep, customer_id: int):
    return session.get(Customer, customer_id)


@app.get("/orders/either")
def either(session: SessionDep, newest: bool) -> list[schemas.OrderOut]:
    if newest:
        return session.scalars(select(Order).order_by(Order.id.desc())).all()  # FP204
    return session.scalars(select(Order).order_by(Order.id)).all()


@app.put("/deep/{order_id}", response_model=schemas.OrderDeep)
def write_one_deep(session: SessionDep, order_id: int):
    return session.get(Order, order_id, options=[joinedload(Order.items)])  # FP204 (summary)


@app.get("/deep/again/{order_id}", response_model=schemas.OrderDeep)
def one_deep_again(session: SessionDep, order_id: int):
    return session.get(Order, order_id, options=[joinedload(Order.items)])  # FP204 (change)


@app.put("/deep", response_model=list[schemas.OrderDeep])
def write_all_deep(session: SessionDep):
    return session.scalars(select(Order).options(joinedload(Order.items))).all()  # FP204 (change)


@app.get("/deep/unloaded/{order_id}", response_model=schemas.OrderDeep)
def one_deep_unloaded(session: SessionDep, order_id: int):
    return session.get(Order, order_id)  # FP204 (summary)


@app.get("/deep/loaded/{order_id}", response_model=schemas.OrderDeep)
def one_deep_loaded(session: SessionDep, order_id: int):
    return session.get(Order, order_id, options=[joinedload(Order.items).joinedload(Item.product)])


@app.get("/flat/{order_id}", response_model=schemas.OrderOut)
def one_flat(session: SessionDep, order_id: int):
    return session.get(Order, order_id)


BRIEFS = TypeAdapter(list[schemas.OrderOut])
NUMBERS = TypeAdapter(list[int])


@app.get("/orders/adapted-by-name")
def adapted_by_name(session: SessionDep) -> object:
    found = session.scalars(select(Order)).all()  # FP204
    numbers = session.scalars(select(Order)).all()
    return BRIEFS.validate_python(found), NUMBERS.validate_python([each.id for each in numbers])


def require_admin() -> None: ...


@app.get("/orders/of-all", response_model=list[schemas.OrderOut], dependencies=[Depends(require_admin)])
def orders_for_administrators(session: SessionDep):
    return session.scalars(select(Order)).all()  # FP204 (change)


@app.get("/orders/of-everybody", response_model=list[schemas.OrderOut])
def orders_for_everybody(session: SessionDep):
    return session.scalars(select(Order)).all()  # FP204
