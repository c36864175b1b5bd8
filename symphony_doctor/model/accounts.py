"""Accounts: the files of a resolver, and what is known of an account across the cluster."""

from __future__ import annotations

from dataclasses import dataclass

from symphony_doctor.model.identity import Flaw, Token


@dataclass(frozen=True, slots=True)
class AccountFile:
    """``<account public key>.jwt`` in a node's resolver directory. ``size`` in bytes."""

    name: str
    path: str
    size: int
    token: Token | Flaw

    @property
    def account(self) -> str:
        """Return the account's public key, by the file's name."""
        return self.name.removesuffix(".jwt")


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the cluster with its newest valid claims, whichever node or server has them."""

    key: str
    name: str
    token: Token
    where: str
