"""Facts that hang together in every way that a ledger must bear: amended, moved, late, contradicting."""

from tests import factories as f

EARLY, MIDDLE, LATE = "2025-04-01T00:00:00+08:00", "2025-05-01T00:00:00+08:00", "2025-06-01T00:00:00+08:00"

_documents = [f.issued(id=f"y-doc-{n}", doc_no=f"青办发〔2025〕{n}号", unit=f"990101.u{n}") for n in range(3)]
_meeting = f.convened(id="y-meeting")
_demands = [f.demanded(id=f"y-demand-{n}") for n in range(2)]
_submissions = [
    f.submitted(id=f"y-submission-{n}", demand=f.ref(_demands[n % 2]), recorded=moment, unit=f.TOWN)
    for n, moment in enumerate((EARLY, EARLY, MIDDLE, LATE))
]
_loan = [
    f.started(id="y-started", planned_end="2025-05-31"),
    f.extended(id="y-extended", time=MIDDLE),
    f.ended(id="y-ended", time=LATE),
]
_other_loan = f.started(id="y-started-2", loan="loan-2", recorded=MIDDLE)
_plans = [f.filed(id="y-filed"), f.amended(id="y-amended", time=EARLY), f.filed(id="y-filed-doc", kind="发文")]
_corrections = [
    f.corrected(_documents[0], id="y-c1", changes={"pages": 11}, recorded=MIDDLE),
    f.corrected(_documents[0], id="y-c2", changes={"pages": 12}, recorded=MIDDLE),
    f.corrected(_documents[0], id="y-c3", changes={"dated": "2025-01-31"}, recorded=EARLY),
    f.corrected(_documents[1], id="y-c4", changes={}, recorded=LATE),
    f.corrected(_submissions[0], id="y-c5", changes={"demand": f.ref(_demands[1])}, recorded=MIDDLE),
    f.corrected(_submissions[1], id="y-c6", changes={"demand": None}, recorded=LATE),
    f.corrected(_loan[2], id="y-c7", changes={"loan": "loan-2"}, recorded=LATE),
    f.corrected(_loan[0], id="y-c8", changes={"loan": "loan-3", "started_on": "2025-02-01"}, recorded=EARLY),
    f.corrected(_plans[1], id="y-c9", changes={"kind": "发文"}, recorded=MIDDLE),
    f.corrected(
        _meeting,
        id="y-c10",
        changes={},
        recorded=EARLY,
        source="/99/other",
        target_type="cn.jianfu.doc.issued.v1",
        replacement=_documents[0]["data"],
    ),
]
_withdrawals = [
    f.withdrawn(_documents[1], id="y-w1", recorded=MIDDLE),
    f.withdrawn(_demands[0], id="y-w2", recorded=LATE),
    f.withdrawn(_submissions[2], id="y-w3", recorded=LATE),
    f.withdrawn(_loan[0], id="y-w4", recorded=LATE),
    f.withdrawn(_corrections[0], id="y-w5", recorded=LATE),
    f.withdrawn(_plans[0], id="y-w6", recorded=EARLY),
]
_others = [
    f.revoked(id="y-revoked", document=f.ref(_documents[2]), recorded=LATE),
    f.submitted(id="y-stray", demand=f.ref(_documents[0]), recorded=EARLY),
    f.registered(id="y-unit"),
    f.registered(id="y-unit-2", data={"name": "云岭街道", "valid_from": "2025-01-01"}, recorded=LATE),
    f.certificate(id="y-certificate"),
    f.launched(id="y-launched"),
    f.visited(id="y-visited"),
    f.day_ended(id="y-day"),
]

FACTS = [
    *_documents, _meeting, *_demands, *_submissions, *_loan, _other_loan, *_plans,
    *_corrections, *_withdrawals, *_others,
]  # fmt: skip
