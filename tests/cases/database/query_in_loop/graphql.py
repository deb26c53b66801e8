import graphene
import strawberry
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker
from strawberry.dataloader import DataLoader

SessionLocal = sessionmaker(create_engine("postgresql://"))


class Base(DeclarativeBase):
    pass


class Owner(Base):
    __tablename__ = "owners"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


async def load_owners(keys: list[int]) -> list[Owner | None]:
    with SessionLocal() as session:
        found = {owner.id: owner for owner in session.scalars(select(Owner).where(Owner.id.in_(keys)))}
    return [found.get(key) for key in keys]


@strawberry.type
class OwnerType:
    name: str


@strawberry.type
class OrderType:
    id: int
    owner_id: int
    loader: strawberry.Private[DataLoader[int, Owner]]

    @strawberry.field
    def owner(self) -> OwnerType:
        with SessionLocal() as session:
            owner = session.scalar(select(Owner).where(Owner.id == self.owner_id))  # FP201 (summary)
            return OwnerType(name=owner.name)

    @strawberry.field
    def named(self, only_long: bool = False) -> OwnerType:
        owner_id = self.owner_id
        stmt = select(Owner).where(Owner.id == owner_id)
        if only_long:
            stmt = stmt.where(Owner.name != "")
        with SessionLocal() as session:
            return OwnerType(name=session.scalar(stmt).name)  # FP201 (summary)

    @strawberry.field
    def anybody(self) -> OwnerType:
        stmt = select(Owner.name).limit(1)
        with SessionLocal() as session:
            return OwnerType(name=session.scalar(stmt))

    @strawberry.field
    async def loaded(self) -> OwnerType:
        owner = await self.loader.load(self.owner_id)
        return OwnerType(name=owner.name)

    @strawberry.field
    def first(self) -> OwnerType:
        with SessionLocal() as session:
            return OwnerType(name=session.scalar(select(Owner.name).limit(1)))

    def plain(self, session: Session) -> Owner | None:
        return session.scalar(select(Owner).where(Owner.id == self.owner_id))


@strawberry.type
class Query:
    owner_id: int

    @strawberry.field
    def owner(self) -> OwnerType:
        with SessionLocal() as session:
            owner = session.scalar(select(Owner).where(Owner.id == self.owner_id))
            return OwnerType(name=owner.name)


class Parcel(graphene.ObjectType):
    owner_name = graphene.String()

    def resolve_owner_name(parcel, info) -> str:
        with SessionLocal() as session:
            return session.scalar(select(Owner.name).where(Owner.id == parcel.owner_id))  # FP201 (summary)
