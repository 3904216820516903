# SPDX-License-Identifier: GPL-2.0-or-later
"""tools/demo-smm: what root in the guest tries, and what becomes of it. usage: smm_attacks.py GUEST"""
import json
import os
import subprocess
import sys

import smm
from link_client import CHECK, OK, RECORD, Refused, UNMAPPED, head, operation, read

WORDS = {smm.SESSION: "no such session, or not its next record", smm.GRANT: "the grant isn't good here", smm.EXPIRED: "the grant is over", smm.ADDRESS: "not a program's address",
         smm.NOT_RAM: "no memory that may be used", smm.NOT_WRITABLE: "not the program's to write", smm.FORMAT: "no message",
         smm.NOT_PRESENT: "not mapped"}
failures = []


def tell(what, refusals, expected):
    """One line; what isn't refused as it should be, each time, is remembered."""
    refusals = refusals if isinstance(refusals, set) else {refusals}
    refused = refusals and refusals <= expected
    words = " or ".join(WORDS.get(refusal, "") for refusal in sorted(refusals))
    print(f"{what:66} {'refused: ' + words if refused else 'NOT REFUSED'} ({', '.join(map(str, sorted(refusals)))})")
    if not refused:
        failures.append(what)


def refusal_of(probe, owner, **grant):
    try:
        smm.session(probe, owner, **grant)
    except Refused as refused:
        return int(str(refused))
    return smm.ACCEPTED


def main():
    bartizan = os.path.join(smm.ROOT, "build/bin/bartizan")
    probe = smm.Probe(bartizan, dict(os.environ), sys.argv[1])
    owner = smm.LabOwner()
    session = smm.session(probe, owner)
    honest = session.ask([read(0x1000)])
    assert honest[0][0] == OK, honest

    print("read:")
    request = session.encode([read(0x1000)])
    sealed = head(RECORD, len(request) + 16, 0) + request + b"\0" * 16
    tell("  a request in clear, for no session", probe.smi(0, sealed)[0], {smm.SESSION})
    tell("  a grant that root signed himself", refusal_of(probe, smm.Owner(), binding_owner=owner.public, quota_bytes=9, quota_requests=9),
         {smm.GRANT})
    tell("  an owner's grant for another start of the machine", refusal_of(probe, owner, nonce=b"\x55" * 32), {smm.GRANT})
    tell("  an owner's grant for another enclave",
         refusal_of(probe, owner, encoded=owner.grant(b"\x07" * 32, probe.source_key, probe.source_nonce, "smm:")), {smm.GRANT})

    tell("  an owner's grant that is over", refusal_of(probe, owner, lasts=-2 * 86400), {smm.EXPIRED})

    print("replay:")
    good = session.seal(session.encode([read(0x1000)]))
    answer = probe.smi(probe.session, good)[1]
    session.open(answer)
    tell("  an enclave's request once more", probe.smi(probe.session, good)[0], {smm.SESSION})
    tell("  the firmware's answer, sent back", probe.smi(probe.session, answer)[0], {smm.SESSION})

    print("forge:")
    good = session.seal(session.encode([read(0x2000)]))
    refusals = {probe.smi(probe.session, good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])[0] for at in range(len(good))}
    tell(f"  an enclave's request, altered in each of its {len(good)} bytes", refusals,
         {smm.SESSION, smm.FORMAT})
    other = probe.session
    smm.session(probe, owner)
    tell("  an enclave's request in another's session", probe.smi(probe.session, good)[0], {smm.SESSION})
    session.open(probe.smi(other, good)[1])
    probe.session = other

    print("redirect:")
    described = json.loads(subprocess.run([bartizan, "lab", "ls", "--json"], check=True, capture_output=True).stdout)
    top = smm.reserved_top(next(guest for guest in described if guest["name"] == sys.argv[1]))
    tell("  the answer to the kernel's memory", probe.refusal(smm.AT, 0xFFFF888000000000)[0], {smm.ADDRESS})
    tell("  the answer to a read-only page", probe.refusal(smm.READ_ONLY)[0], {smm.NOT_WRITABLE})
    tell("  the answer to firmware's own memory, by page tables", probe.refusal(smm.AT_PHYSICAL, top)[0], {smm.NOT_RAM})
    tell("  the answer to a device", probe.refusal(smm.AT_PHYSICAL, 0xFED00000)[0], {smm.NOT_RAM})
    outcome, data = session.ask([read(top)])[0]
    print(f"  even the owner's enclave asks for firmware's own memory{'':11} {'nothing there, it is told' if outcome == UNMAPPED else 'GIVEN'}")
    if outcome != UNMAPPED or any(data):
        failures.append("firmware's memory")

    assert session.ask([operation(CHECK)])[0][0] == OK
    print(f"the enclave's session goes on after all of it; {probe.count} SMIs since the start")
    probe.close()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
