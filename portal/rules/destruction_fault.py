"""Why a destruction could not be proved, in words for the staff: what is the matter, and the next step."""

from collections.abc import Mapping
from enum import StrEnum

from portal.policy.model import Text


class Fault(StrEnum):
    """Why something could not be proved."""

    NO_COLLECTOR = "NO_COLLECTOR"
    DISABLED = "DISABLED"
    TIMED_OUT = "TIMED_OUT"
    UNREACHABLE = "UNREACHABLE"
    BUSY = "BUSY"
    REFUSED = "REFUSED"
    ODD_ANSWER = "ODD_ANSWER"
    FEWER = "FEWER"
    LEFT_OVER = "LEFT_OVER"
    NOT_ASKED_AGAIN = "NOT_ASKED_AGAIN"
    COPY_DIFFERS = "COPY_DIFFERS"
    BYTES_FOUND = "BYTES_FOUND"
    NO_EVIDENCE = "NO_EVIDENCE"
    BROKEN = "BROKEN"


PASSING = frozenset({Fault.TIMED_OUT, Fault.UNREACHABLE, Fault.BUSY, Fault.BROKEN})
"""What may be otherwise in a while, so that it is tried again before anybody is called."""

_RETRY = Text(ko="연결을 확인하고 다시 시도해 주세요.", en="Check the connection, then try again.")
_LOOK = Text(
    ko="그 시스템에 남은 정보를 확인해 지운 뒤 다시 시도해 주세요.",
    en="Look what is left in that system, remove it, then try again.",
)
FAULTS: Mapping[Fault, tuple[Text, Text]] = {
    Fault.NO_COLLECTOR: (
        Text(ko="이 시스템에서 파기할 방법이 설정되지 않았습니다.", en="No way to destroy in this system is set up."),
        Text(
            ko="연결을 설정하거나, 파기한 증빙을 등록해 주세요.",
            en="Set up the connection, or enter evidence of the destruction.",
        ),
    ),
    Fault.DISABLED: (
        Text(ko="이 시스템과의 연결이 꺼져 있습니다.", en="The connection to this system is switched off."),
        Text(ko="연결을 켜고 다시 시도해 주세요.", en="Switch the connection on, then try again."),
    ),
    Fault.TIMED_OUT: (Text(ko="제시간에 답하지 않았습니다.", en="It did not answer in time."), _RETRY),
    Fault.UNREACHABLE: (Text(ko="시스템에 연결할 수 없습니다.", en="The system cannot be reached."), _RETRY),
    Fault.BUSY: (
        Text(
            ko="다른 작업이 파일을 쓰고 있어 확인하지 못했습니다.",
            en="Another job holds the file.",
        ),
        Text(ko="오래 열린 작업을 끝내고 다시 시도해 주세요.", en="End the job that holds it, then try again."),
    ),
    Fault.REFUSED: (
        Text(ko="시스템이 파기를 거절했습니다.", en="The system refused to destroy it."),
        Text(ko="거절한 까닭을 확인하고 다시 시도해 주세요.", en="Find out why it refused, then try again."),
    ),
    Fault.ODD_ANSWER: (
        Text(ko="알아들을 수 없는 답을 보냈습니다.", en="It sent an answer that could not be understood."),
        Text(
            ko="그 시스템의 운영자와 답의 형식을 확인하고 다시 시도해 주세요.",
            en="Check the form of its answer with whoever runs that system, then try again.",
        ),
    ),
    Fault.FEWER: (
        Text(
            ko="미리 보기보다 적게 지웠습니다. 모두 지웠는지 알 수 없습니다.",
            en="Fewer were removed than the preview counted, so it is not known whether all are gone.",
        ),
        _LOOK,
    ),
    Fault.LEFT_OVER: (
        Text(ko="지운 뒤 다시 물었더니 정보가 남아 있습니다.", en="Asked again afterwards, it still holds data."),
        _LOOK,
    ),
    Fault.NOT_ASKED_AGAIN: (
        Text(
            ko="지운 뒤 남은 것이 없는지 확인하지 못했습니다.",
            en="It could not be asked whether anything is left.",
        ),
        _RETRY,
    ),
    Fault.COPY_DIFFERS: (
        Text(ko="분리 보관한 사본이 원본과 다릅니다.", en="The separated copy differs from the original."),
        Text(
            ko="원본은 그대로 있습니다. 분리 보관 저장소를 확인하고 다시 시도해 주세요.",
            en="The original is untouched. Check the separate store, then try again.",
        ),
    ),
    Fault.BYTES_FOUND: (
        Text(ko="저장소 파일에서 정보의 흔적을 찾았습니다.", en="Traces of the data were found in a store's file."),
        Text(
            ko="운영 담당자에게 저장소 정리를 요청하고 다시 시도해 주세요.",
            en="Have the store cleaned, then try again.",
        ),
    ),
    Fault.NO_EVIDENCE: (
        Text(ko="파기했다는 증빙이 아직 없습니다.", en="There is no evidence of the destruction yet."),
        Text(ko="담당자에게 날짜가 적힌 증빙을 받아 등록해 주세요.", en="Obtain dated evidence and enter it."),
    ),
    Fault.BROKEN: (
        Text(ko="처리하다가 오류가 났습니다.", en="It failed while it ran."),
        Text(ko="오류 기록을 확인하고 다시 시도해 주세요.", en="Look at the error log, then try again."),
    ),
}
"""Each fault's words: what is the matter, and the next step."""
