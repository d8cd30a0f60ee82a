"""Checkpoints (检查点) of partitions in the broker's key-value store, fenced: only a partition's newest owner can write.

A state is cut into values that the broker takes; they are written under names of their own first, and then the head that
names them is put in place of the head before, by its revision. So a reader never finds half a state, and who lost the
partition cannot overwrite what its successor wrote.
"""

from __future__ import annotations

import json
from typing import Any

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.api import KeyValueConfig, StorageType
from nats.js.errors import BucketNotFoundError, KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue

from jinyun.cloud.engine.lease import replicas
from jinyun.cloud.engine.partition import CheckpointError, Partition

VALUE_BYTES = 200_000
MOST_VALUES = 64


class FencedError(RuntimeError):
    """Another worker owns the partition now."""


async def open_store(link: Client, zone: str) -> KeyValue:
    """Return the zone's store of checkpoints, made where it is not there."""
    js = link.jetstream(timeout=3)
    bucket = f"JINYUN_ENGINE_{zone.replace('-', '_')}"
    try:
        return await js.key_value(bucket)
    except BucketNotFoundError:
        how = KeyValueConfig(bucket=bucket, history=1, storage=StorageType.MEMORY, replicas=replicas(link))
        return await js.create_key_value(how)


class Checkpoints:
    """One partition's checkpoints as its owner keeps them."""

    def __init__(self, store: KeyValue, part: int) -> None:
        self._store, self._part = store, part
        self.fence = 0
        self._side = 0

    async def take_over(self) -> tuple[Partition | None, int]:
        """Return (the state that was kept last, its epoch) and be its only writer; None where there is none, or it is damaged.

        Raises :class:`FencedError` when another takes over at the same time.
        """
        key = f"p{self._part}.head"
        try:
            entry = await self._store.get(key)
            head, revision = json.loads(entry.value or b"{}"), int(entry.revision or 0)
        except KeyNotFoundError:
            head, revision = {}, 0
        try:
            kept = json.dumps({**head, "owner": "new"}).encode()
            self.fence = await (
                self._store.update(key, kept, last=revision) if revision else self._store.create(key, kept)
            )
        except (KeyWrongLastSequenceError, NatsError) as error:
            raise FencedError(f"partition {self._part}: {error}") from None
        self._side = 1 - int(head.get("side", 0))
        return await self._read(head), int(head.get("epoch", 0))

    async def _read(self, head: dict[str, Any]) -> Partition | None:
        count = int(head.get("values", 0))
        if not 0 < count <= MOST_VALUES:
            return None
        try:
            values = [await self._store.get(f"p{self._part}.{head['side']}.{n}") for n in range(count)]
            return Partition.restored(b"".join(value.value or b"" for value in values))
        except (KeyNotFoundError, CheckpointError):
            return None

    async def keep(self, partition: Partition, epoch: int) -> int:
        """Write the state; return its bytes. Raises :class:`FencedError` when the partition has another owner."""
        data = partition.checkpoint()
        values = [data[at : at + VALUE_BYTES] for at in range(0, len(data), VALUE_BYTES)]
        if len(values) > MOST_VALUES:
            raise ValueError(f"a state of {len(data)} bytes: cut the map into more partitions")
        for n, value in enumerate(values):
            await self._store.put(f"p{self._part}.{self._side}.{n}", value)
        head = {"side": self._side, "values": len(values), "epoch": epoch, "number": partition.number}
        try:
            self.fence = await self._store.update(f"p{self._part}.head", json.dumps(head).encode(), last=self.fence)
        except (KeyWrongLastSequenceError, NatsError) as error:
            raise FencedError(f"partition {self._part}: {error}") from None
        self._side = 1 - self._side
        return len(data)
