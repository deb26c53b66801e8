from sqlmodel import Field, SQLModel


class Guest(SQLModel):
    user_id: int | None = Field(default=None, foreign_key="user.id", primary_key=True)
    group_id: int | None = Field(default=None, foreign_key="group.id", primary_key=True)  # FP207
