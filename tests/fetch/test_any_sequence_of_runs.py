"""Whatever happens between the runs of a download, in whatever order: the final file is right, or there is none."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from urllib.parse import urlencode

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.faults.server import FaultServer, body_sha256
from tests.fetch.fetching import QUICK, download, fetch
from wfdeps.domain.outcomes import Fetched, FetchFailed
from wfdeps.domain.plans import Download
from wfdeps.fetch.staging import Slot, slot_for
from wfdeps.fetch.state import State, Validator
from wfdeps.http import Backoff

MIB = 1 << 20
SIZE = 36 * MIB
ONCE = type(QUICK)(stall=1.0, slow_for=1.0, backoff=Backoff(0.01, 0.01, attempts=1), patience=1.0)
places = st.integers(0, SIZE - 1)


class Runs(RuleBasedStateMachine):
    """One file, its part, its state, and a world that meddles with all of them. `seed` is the object's version."""

    by_hash = True

    def __init__(self) -> None:
        super().__init__()
        self.server = FaultServer().__enter__()
        self.root = Path(tempfile.mkdtemp(prefix="wfdeps-runs-"))
        self.seed = 1

    def teardown(self) -> None:
        self.server.__exit__()
        shutil.rmtree(self.root)

    def item(self, **faults: object) -> Download:
        """The same stable address always; what the server does with it now stands in what is stripped as a signature."""
        query = {"X-Amz-World": urlencode({"size": SIZE, "seed": self.seed, **faults})}
        known = body_sha256(1, SIZE) if self.by_hash else None
        return download(self.root, self.server.url("/any.bin", **query), sha256=known)

    # ── runs ──

    @rule(
        cut=st.one_of(st.integers(17 * MIB, SIZE - 1), st.integers(1, SIZE - 1)),
        connections=st.sampled_from([1, 4]),
        harms=st.lists(st.sampled_from(["alter", "truncate", "spoil", "lie", "replace"]), max_size=2),
        place=places,
    )
    def a_run_is_cut_and_the_world_meddles(
        self, cut: int, connections: int, harms: list[str], place: int
    ) -> None:
        self.judge(fetch(self.item(cut=cut), limits=ONCE, connections=connections).final)
        for harm in harms:
            if harm == "replace":
                self.seed = 3 - self.seed
            elif os.path.exists(self.slot.part):
                getattr(self, harm)(place)

    @rule(fault=st.sampled_from([{"ignore_range": 1}, {"as200": 1}, {"shift": 3}, {"norangeheader": 1}]))
    def a_run_meets_an_odd_server(self, fault: dict[str, object]) -> None:
        self.judge(fetch(self.item(**fault), limits=ONCE).final)

    @rule()
    def a_run_ends_well(self) -> None:
        final = fetch(self.item()).final
        self.judge(final)
        if self.seed == 1 or not self.by_hash:
            assert isinstance(final, Fetched), final

    def judge(self, final: Fetched | FetchFailed) -> None:
        """What is handed on as the file is the file: the one that was asked for, or the server's present one."""
        if isinstance(final, Fetched):
            expected = body_sha256(1 if self.by_hash else self.seed, SIZE)
            digest = next(str(one.value) for one in final.digests if one.algorithm == "sha256")
            assert digest == expected
            assert os.path.getsize(final.staged) == SIZE
            os.unlink(final.staged)  # placed elsewhere; the next run begins anew

    # ── what the world does in between ──

    def alter(self, place: int) -> None:
        """A byte of the part is another one."""
        with open(self.slot.part, "r+b") as part:
            part.seek(place)
            byte = part.read(1)
            if byte:
                part.seek(place)
                part.write(bytes([byte[0] ^ 0xFF]))

    def truncate(self, length: int) -> None:
        """Power was lost: the part ends behind its state, or is filled up beyond it."""
        os.truncate(self.slot.part, length)

    def spoil(self, place: int) -> None:
        """The state is empty, cut, of another version or nonsense."""
        texts = (b"", b"{", b'{"version":99}', b"[]", b'{"version":1}')
        Path(self.slot.state).write_bytes(texts[place % len(texts)])

    def lie(self, place: int) -> None:
        """The state claims a hash that nothing has; only another hash can tell."""
        state = self.slot.read_state()
        if self.by_hash and state is not None:
            marks = {**state.marks, place: "0" * 64}
            self.slot.write_state(State(state.url_key, SIZE, Validator('"x"'), marks, state.pieces))

    @invariant()
    def nothing_stands_under_the_final_name(self) -> None:
        assert not (self.root / "model.bin").exists()

    @property
    def slot(self) -> Slot:
        return slot_for(self.item())


class RunsWithoutHash(Runs):
    """The same where nobody knows what the file must hash to: the server's validator is all there is."""

    by_hash = False


_FEW = settings(max_examples=5, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck))
TestRuns = Runs.TestCase
TestRuns.settings = _FEW
TestRunsWithoutHash = RunsWithoutHash.TestCase
TestRunsWithoutHash.settings = _FEW
