"""The closed list of what can be wrong with an amplifier, and how soon each is believed.

Profiles name these kinds, the health model judges by them. Times are seconds. The delays keep
well inside the 100 s that EN 54-16 allows for showing a fault.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Final

from zones.site import Name


class Severity(IntEnum):
    """How much a fault matters: the greater number is the worse one."""

    INFO = 0
    MINOR = 1
    MAJOR = 2
    CRITICAL = 3


class FaultKind(Enum):
    """What is wrong. Nothing outside this list is ever raised."""

    LINK = "link"
    AGENT = "agent"
    STREAM = "stream"
    MULTICAST = "multicast"
    FLOODING = "flooding"
    AMPLIFIER = "amplifier"
    LINE_OPEN = "line.open"
    LINE_SHORT = "line.short"
    LINE_GROUND = "line.ground"
    OVERHEAT = "overheat"
    FAN = "fan"
    MAINS = "mains"
    BATTERY = "battery"
    CLOCK = "clock"
    CONFIG = "config"
    VOLUME = "volume"
    FIRMWARE = "firmware"
    IDENTITY = "identity"
    SENDER = "sender"
    QUERIER = "querier"
    SWITCH = "switch"


@dataclass(frozen=True, slots=True)
class Character:
    """How a kind is told and judged.

    It is raised after `samples` bad looks in a row that span at least `raise_after`, and recovers
    after `good` good looks in a row that span at least `clear_after`. `under_warning` is its
    severity while a warning plays in a zone of the amplifier.
    """

    name: Name
    what_to_do: Name
    severity: Severity
    under_warning: Severity
    samples: int
    raise_after: float
    good: int
    clear_after: float


def _kind(
    ko: str,
    en: str,
    do_ko: str,
    do_en: str,
    severity: Severity,
    *,
    under_warning: Severity | None = None,
    samples: int = 2,
    raise_after: float = 0.0,
    good: int = 2,
    clear_after: float = 0.0,
) -> Character:
    return Character(
        Name(ko, en),
        Name(do_ko, do_en),
        severity,
        severity if under_warning is None else under_warning,
        samples,
        raise_after,
        good,
        clear_after,
    )


CHARACTERS: Final[dict[FaultKind, Character]] = {
    FaultKind.LINK: _kind(
        "네트워크 연결 끊김",
        "not reachable on the network",
        "전원과 네트워크 케이블, 스위치 포트를 확인하십시오",
        "check its power, its network cable and the switch port",
        Severity.CRITICAL,
    ),
    FaultKind.AGENT: _kind(
        "상태 응답 없음",
        "does not answer questions about its health",
        "SNMP 설정과 암호를 확인하십시오. 방송은 계속됩니다",
        "check that SNMP is on and the community or keys are right; sound may still play",
        Severity.MAJOR,
        samples=3,
    ),
    FaultKind.STREAM: _kind(
        "방송 스트림을 재생하지 않음",
        "does not play its stream",
        "수신 주소와 포트 설정을 확인하십시오",
        "compare its stream address and port with the site file",
        Severity.MAJOR,
        under_warning=Severity.CRITICAL,
        clear_after=5.0,
    ),
    FaultKind.MULTICAST: _kind(
        "방송 패킷이 도착하지 않음",
        "the stream does not arrive",
        "스위치의 IGMP 스누핑과 쿼리어를 확인하십시오",
        "check IGMP snooping and the querier on the switches between",
        Severity.MAJOR,
        under_warning=Severity.CRITICAL,
        samples=1,
        good=1,
    ),
    FaultKind.FLOODING: _kind(
        "다른 멀티캐스트가 넘쳐 들어옴",
        "far more multicast arrives than is meant for it",
        "스위치의 IGMP 스누핑을 켜십시오",
        "switch on IGMP snooping; look for another sender",
        Severity.MINOR,
        samples=1,
        good=1,
    ),
    FaultKind.AMPLIFIER: _kind(
        "앰프 고장",
        "the amplifier reports that it has failed",
        "장비를 재시작하고, 계속되면 교체하십시오",
        "restart it; if that does not help, replace it",
        Severity.CRITICAL,
        clear_after=30.0,
    ),
    FaultKind.LINE_OPEN: _kind(
        "스피커 선로 단선",
        "speaker line open",
        "선로와 단자를 점검하십시오",
        "look for a broken cable or a loose terminal on this output",
        Severity.CRITICAL,
        clear_after=30.0,
    ),
    FaultKind.LINE_SHORT: _kind(
        "스피커 선로 단락",
        "speaker line short",
        "출력을 분리하고 선로의 단락을 찾으십시오",
        "disconnect the output and look for crushed or wet cable",
        Severity.CRITICAL,
        clear_after=30.0,
    ),
    FaultKind.LINE_GROUND: _kind(
        "스피커 선로 접지",
        "speaker line touches ground",
        "젖거나 손상된 선로를 찾으십시오",
        "look for damaged insulation or water in a speaker of this output",
        Severity.CRITICAL,
        clear_after=30.0,
    ),
    FaultKind.OVERHEAT: _kind(
        "과열",
        "too hot",
        "환기구와 팬을 확인하고 부하를 줄이십시오",
        "check vents and fan; is the cabinet in the sun?",
        Severity.MAJOR,
        raise_after=30.0,
        clear_after=60.0,
    ),
    FaultKind.FAN: _kind(
        "팬 고장",
        "a fan has failed",
        "팬을 청소하거나 교체하십시오",
        "clean or replace the fan",
        Severity.MINOR,
        raise_after=30.0,
        clear_after=60.0,
    ),
    FaultKind.MAINS: _kind(
        "상용 전원 없음",
        "no mains power",
        "차단기와 인입 전원을 확인하십시오",
        "check the breaker and the supply; it runs on battery until that is empty",
        Severity.MAJOR,
        under_warning=Severity.CRITICAL,
        raise_after=5.0,
        clear_after=30.0,
    ),
    FaultKind.BATTERY: _kind(
        "배터리 이상",
        "battery low or failed",
        "배터리를 교체하십시오",
        "charge or replace the battery",
        Severity.CRITICAL,
        raise_after=5.0,
        clear_after=30.0,
    ),
    FaultKind.CLOCK: _kind(
        "시계 오차",
        "its clock is wrong",
        "장비의 시간 서버 설정을 확인하십시오",
        "check the time server it is set to",
        Severity.MINOR,
    ),
    FaultKind.CONFIG: _kind(
        "설정이 다름",
        "set up otherwise than the site file says",
        "장비 설정을 사이트 파일과 비교하십시오",
        "compare its settings with the site file",
        Severity.MAJOR,
    ),
    FaultKind.VOLUME: _kind(
        "음량이 시운전 때와 다름",
        "its volume is not the one it was commissioned with",
        "장비의 음량을 되돌리십시오. 새 음량이 맞으면 이 고장을 초기화하십시오",
        "set its volume back; if the new one is meant, reset this fault",
        Severity.MAJOR,
        under_warning=Severity.CRITICAL,
    ),
    FaultKind.FIRMWARE: _kind(
        "펌웨어가 프로파일 범위 밖",
        "its firmware is another one than before, or outside its profile",
        "펌웨어 버전을 확인하고 프로파일을 맞추십시오",
        "check the profile for this version, then reset this fault",
        Severity.MINOR,
    ),
    FaultKind.IDENTITY: _kind(
        "다른 장비가 응답함",
        "another device answers at its address",
        "교체했다면 교체 등록을, 아니면 주소 충돌을 확인하십시오",
        "if it was exchanged, run `broadcaster replace`; if not, look for a doubled address",
        Severity.MAJOR,
    ),
    FaultKind.SENDER: _kind(
        "다른 송신자가 같은 주소로 보냄",
        "somebody else sends to its stream address",
        "다른 송신 장비를 찾아 끄십시오",
        "find the other sender by its address and switch it off",
        Severity.CRITICAL,
    ),
    FaultKind.QUERIER: _kind(
        "IGMP 쿼리어 없음",
        "no IGMP querier on its network",
        "스위치에서 IGMP 쿼리어를 켜십시오",
        "enable an IGMP querier on a switch",
        Severity.MAJOR,
        samples=1,
        good=1,
    ),
    FaultKind.SWITCH: _kind(
        "스위치 또는 공통 회선 끊김",
        "a switch, or the line to it, is lost",
        "스위치의 전원과 상위 회선을 확인하십시오",
        "check the switch's power and its uplink; everything behind it is deaf",
        Severity.CRITICAL,
        samples=1,
        good=1,
    ),
}
"""Every kind's character."""

EXPLAINS: Final[dict[FaultKind, frozenset[FaultKind]]] = {
    FaultKind.SWITCH: frozenset(
        {FaultKind.LINK, FaultKind.AGENT, FaultKind.MULTICAST, FaultKind.STREAM}
    ),
    FaultKind.LINK: frozenset({FaultKind.AGENT, FaultKind.MULTICAST, FaultKind.STREAM}),
    FaultKind.MULTICAST: frozenset({FaultKind.STREAM}),
    FaultKind.MAINS: frozenset({FaultKind.BATTERY}),
}
"""Which kinds, at the same amplifier, are only consequences of another."""
