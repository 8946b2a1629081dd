"""What waits is bounded; when it is full, acts are the last to go."""

from broadcaster.journal import Kind
from broadcaster.journal.waiting import Waiting
from tests.broadcaster.journal.written import entry


class _Owner:
    def __init__(self):
        self.reasons = []
        self.refusal = ""

    def written(self):
        raise AssertionError

    def refused(self, reason):
        raise AssertionError(reason)

    def dropped(self, reason):
        self.reasons.append(reason)


def _put(waiting, number, kind=Kind.ACT, **fields):
    owner = _Owner()
    is_precious = kind is Kind.ACT
    owner.refusal = waiting.put([entry(number, kind, **fields)], owner, is_precious=is_precious)
    return owner


def _numbers(batch):
    return [one.subject for bundle in batch for one in bundle.drafts]


def test_bundles_leave_in_the_order_they_came():
    waiting = Waiting()
    for number in range(10):
        _put(waiting, number)
    first = waiting.next_batch(4)
    assert _numbers(first) == [f"claim-{n}" for n in range(4)]
    assert len(waiting) == 6
    assert len(_numbers(waiting.next_batch())) == 6


def test_a_bundle_larger_than_a_batch_goes_whole():
    waiting = Waiting()
    waiting.put([entry(n) for n in range(30)], _Owner(), is_precious=True)
    _put(waiting, 31)
    assert len(_numbers(waiting.next_batch(10))) == 30


def test_a_full_queue_drops_the_oldest_fault_for_an_act():
    waiting = Waiting(3)
    act, fault, newer = _put(waiting, 1), _put(waiting, 2, Kind.FAULT), _put(waiting, 3, Kind.FAULT)
    assert _put(waiting, 4).refusal == ""
    assert fault.reasons
    assert not act.reasons
    assert not newer.reasons
    assert waiting.not_kept() == {"fault": 1}
    assert waiting.not_kept() == {}
    assert _numbers(waiting.next_batch()) == ["claim-1", "claim-3", "claim-4"]


def test_a_queue_full_of_acts_refuses_and_counts():
    waiting = Waiting(2)
    assert [_put(waiting, n).refusal for n in range(2)] == ["", ""]
    assert "no room" in _put(waiting, 3).refusal
    assert "no room" in _put(waiting, 4, Kind.FAULT).refusal
    assert waiting.not_kept() == {"act": 1, "fault": 1}


def test_what_is_still_counted_is_written_at_the_end():
    waiting = Waiting()
    for number in range(5):
        _put(waiting, number, Kind.FAULT, storm="same")
    waiting.next_batch()
    waiting.close()
    ((summed,),) = [bundle.drafts for bundle in waiting.next_batch()]
    assert '"counted":4' in summed.facts
    assert "closed" in _put(waiting, 9).refusal
    assert waiting.next_batch() == []


def test_a_sum_that_no_longer_fits_keeps_its_count():
    waiting = Waiting()
    facts = {"t": "x" * 65_520}
    for number in range(2):
        _put(waiting, number, Kind.FAULT, storm="same", facts=facts)
    waiting.next_batch()
    waiting.close()
    ((summed,),) = [bundle.drafts for bundle in waiting.next_batch()]
    assert summed.facts == '{"counted":1}'
