"""Deeds: the words of the audit chain, each as people read it. A deed that is not here cannot be written down.

Those in `VIEWS` show somebody's data to somebody else: they are the handler access records of the safety standard
(art. 8: who, when, from where, whose, what), and members see them as "who looked at my data".
"""

from collections.abc import Mapping
from enum import StrEnum

from portal.policy.model import Text


class Deed(StrEnum):
    """What was done."""

    MEMBER_REGISTERED = "member.registered"
    MEMBERS_IMPORTED = "members.imported"
    PROFILE_CORRECTED = "profile.corrected"
    ACCOUNT_SUSPENDED = "account.suspended"
    ACCOUNT_RESUMED = "account.resumed"
    CONSENT_WITHDRAWN = "consent.withdrawn"
    DATA_EXPORTED = "data.exported"
    CONTACT_PROVED = "contact.proved"
    LINK_SENT = "link.sent"
    LINK_USED = "link.used"
    REQUEST_STEP = "request.step"
    REQUEST_ASSIGNED = "request.assigned"
    NOTICE_SENT = "notice.sent"
    PAPER_KEPT = "paper.kept"
    PAPER_DESTROYED = "paper.destroyed"
    QUEUE_VIEWED = "queue.viewed"
    REQUEST_VIEWED = "request.viewed"
    LIST_VIEWED = "list.viewed"
    MEMBER_SEARCHED = "member.searched"
    VALUE_REVEALED = "value.revealed"
    PAPER_VIEWED = "paper.viewed"
    ACCESS_RECORDS_VIEWED = "access_records.viewed"
    AUDIT_VIEWED = "audit.viewed"
    REVIEW_SIGNED = "review.signed"
    STAFF_INVITED = "staff.invited"
    STAFF_JOINED = "staff.joined"
    STAFF_DISABLED = "staff.disabled"
    FACTORS_RESET = "factors.reset"
    PASSWORD_CHANGED = "password.changed"  # noqa: S105  a word, no password
    ROLE_GRANTED = "role.granted"
    ROLE_REVOKED = "role.revoked"
    HANDLER_DESIGNATED = "handler.designated"
    DESIGNATION_ENDED = "designation.ended"
    HANDLER_TRAINED = "handler.trained"
    SIGNED_IN = "signed.in"
    SIGN_IN_FAILED = "sign_in.failed"
    SIGNED_OUT = "signed.out"
    LOCKED_OUT = "locked.out"
    DENIED = "access.denied"
    DESTRUCTION_ORDERED = "destruction.ordered"
    DESTRUCTION_PROVED = "destruction.proved"
    DESTRUCTION_TRIED_AGAIN = "destruction.tried_again"
    EVIDENCE_ENTERED = "evidence.entered"
    OBJECTION_MADE = "objection.made"
    OBJECTION_DECIDED = "objection.decided"
    COMPANY_ANSWERED = "company.answered"
    HOLD_PLACED = "hold.placed"
    HOLD_LIFTED = "hold.lifted"
    HOLDS_VIEWED = "holds.viewed"
    LEDGER_ENTERED = "ledger.entered"
    LEDGER_SECONDED = "ledger.seconded"
    LEDGER_CONFIRMED = "ledger.confirmed"
    POLICY_DRAFTED = "policy.drafted"
    POLICY_DROPPED = "policy.dropped"
    POLICY_RELEASED = "policy.released"
    POLICY_WITHDRAWN = "policy.withdrawn"
    SEPARATED_READ = "separated.read"
    PROCESSOR_WRITTEN = "processor.written"
    PROCESSOR_CONTRACT = "processor.contract"
    PROCESSOR_DISCLOSED = "processor.disclosed"
    PROCESSOR_SUPERVISED = "processor.supervised"
    PROCESSOR_ENDED = "processor.ended"
    COMPANY_VERIFIED = "company.verified"
    COMPANY_REVOKED = "company.revoked"
    REPORTS_CLEARED = "reports.cleared"
    COMPANY_MEMBERS_VIEWED = "company_members.viewed"
    KEPT_CLOSED_VIEWED = "kept_closed.viewed"
    INQUIRY_LOGGED = "inquiry.logged"
    INQUIRY_VIEWED = "inquiry.viewed"
    INQUIRY_DECIDED = "inquiry.decided"
    KEY_ADDED = "key.added"
    KEYS_ROTATED = "keys.rotated"
    KEYS_SWEPT = "keys.swept"


WORDS: Mapping[Deed, Text] = {
    Deed.MEMBER_REGISTERED: Text(ko="회원 등록", en="Member registered"),
    Deed.MEMBERS_IMPORTED: Text(ko="회원 명단 등록", en="Members imported"),
    Deed.PROFILE_CORRECTED: Text(ko="정보 정정", en="Data corrected"),
    Deed.ACCOUNT_SUSPENDED: Text(ko="이용중지", en="Account suspended"),
    Deed.ACCOUNT_RESUMED: Text(ko="이용 재개", en="Account resumed"),
    Deed.CONSENT_WITHDRAWN: Text(ko="동의 철회", en="Consent withdrawn"),
    Deed.DATA_EXPORTED: Text(ko="내려받기", en="Data exported"),
    Deed.CONTACT_PROVED: Text(ko="개인 연락처 확인", en="Personal contact confirmed"),
    Deed.LINK_SENT: Text(ko="링크 발송", en="Link sent"),
    Deed.LINK_USED: Text(ko="링크 사용", en="Link used"),
    Deed.REQUEST_STEP: Text(ko="요청 처리", en="Request step"),
    Deed.REQUEST_ASSIGNED: Text(ko="담당 지정", en="Handler assigned"),
    Deed.NOTICE_SENT: Text(ko="통지 발송", en="Notice sent"),
    Deed.PAPER_KEPT: Text(ko="위임장 접수", en="Paper received"),
    Deed.PAPER_DESTROYED: Text(ko="위임장 파기", en="Paper destroyed"),
    Deed.QUEUE_VIEWED: Text(ko="요청 목록 조회", en="Queue viewed"),
    Deed.REQUEST_VIEWED: Text(ko="요청 조회", en="Request viewed"),
    Deed.LIST_VIEWED: Text(ko="퇴사자 명단 조회", en="Leaver list viewed"),
    Deed.MEMBER_SEARCHED: Text(ko="회원 검색", en="Member searched"),
    Deed.VALUE_REVEALED: Text(ko="가린 값 조회", en="Masked value viewed"),
    Deed.PAPER_VIEWED: Text(ko="위임장 조회", en="Paper viewed"),
    Deed.ACCESS_RECORDS_VIEWED: Text(ko="서비스 접속 기록 조회", en="Service access records viewed"),
    Deed.AUDIT_VIEWED: Text(ko="접속기록 조회", en="Handler access records viewed"),
    Deed.REVIEW_SIGNED: Text(ko="접속기록 점검", en="Access records reviewed"),
    Deed.STAFF_INVITED: Text(ko="직원 초대", en="Staff invited"),
    Deed.STAFF_JOINED: Text(ko="직원 등록", en="Staff joined"),
    Deed.STAFF_DISABLED: Text(ko="직원 계정 중지", en="Staff account disabled"),
    Deed.FACTORS_RESET: Text(ko="로그인 수단 초기화", en="Sign-in reset"),
    Deed.PASSWORD_CHANGED: Text(ko="비밀번호 변경", en="Password changed"),
    Deed.ROLE_GRANTED: Text(ko="권한 부여", en="Role granted"),
    Deed.ROLE_REVOKED: Text(ko="권한 회수", en="Role revoked"),
    Deed.HANDLER_DESIGNATED: Text(ko="취급자 지정", en="Handler designated"),
    Deed.DESIGNATION_ENDED: Text(ko="취급자 지정 해제", en="Designation ended"),
    Deed.HANDLER_TRAINED: Text(ko="교육 이수", en="Training completed"),
    Deed.SIGNED_IN: Text(ko="로그인", en="Signed in"),
    Deed.SIGN_IN_FAILED: Text(ko="로그인 실패", en="Sign-in failed"),
    Deed.SIGNED_OUT: Text(ko="로그아웃", en="Signed out"),
    Deed.LOCKED_OUT: Text(ko="로그인 잠금", en="Locked out"),
    Deed.DENIED: Text(ko="접근 거부", en="Access denied"),
    Deed.DESTRUCTION_ORDERED: Text(ko="파기 결정", en="Destruction ordered"),
    Deed.DESTRUCTION_PROVED: Text(ko="파기 완료 확인", en="Destruction proved"),
    Deed.DESTRUCTION_TRIED_AGAIN: Text(ko="파기 다시 시도", en="Destruction tried again"),
    Deed.EVIDENCE_ENTERED: Text(ko="파기 증빙 등록", en="Evidence entered"),
    Deed.OBJECTION_MADE: Text(ko="퇴사 이의 제기", en="Objection to a report made"),
    Deed.OBJECTION_DECIDED: Text(ko="퇴사 이의 결정", en="Objection to a report decided"),
    Deed.COMPANY_ANSWERED: Text(ko="퇴사 확인 답변", en="Company's answer on leaving"),
    Deed.HOLD_PLACED: Text(ko="파기 보류", en="Hold placed"),
    Deed.HOLD_LIFTED: Text(ko="파기 보류 해제", en="Hold lifted"),
    Deed.HOLDS_VIEWED: Text(ko="파기 보류 목록 조회", en="Holds viewed"),
    Deed.LEDGER_ENTERED: Text(ko="종이 파기 기재", en="Paper destruction entered"),
    Deed.LEDGER_SECONDED: Text(ko="종이 파기 입회 확인", en="Paper destruction seconded"),
    Deed.LEDGER_CONFIRMED: Text(ko="파기 관리대장 확인", en="Destruction ledger confirmed"),
    Deed.POLICY_DRAFTED: Text(ko="처리방침 초안 작성", en="Policy drafted"),
    Deed.POLICY_DROPPED: Text(ko="처리방침 초안 버림", en="Policy draft dropped"),
    Deed.POLICY_RELEASED: Text(ko="처리방침 발행", en="Policy released"),
    Deed.POLICY_WITHDRAWN: Text(ko="처리방침 철회", en="Policy withdrawn"),
    Deed.SEPARATED_READ: Text(ko="분리 보관 기록 조회", en="Separated record read"),
    Deed.PROCESSOR_WRITTEN: Text(ko="위탁·제공 대장 작성", en="Register entry written"),
    Deed.PROCESSOR_CONTRACT: Text(ko="위탁 계약 기록", en="Contract recorded"),
    Deed.PROCESSOR_DISCLOSED: Text(ko="위탁·제공 공개 확인", en="Register entry disclosed"),
    Deed.PROCESSOR_SUPERVISED: Text(ko="수탁자 점검", en="Processor supervised"),
    Deed.PROCESSOR_ENDED: Text(ko="위탁·제공 종료", en="Register entry ended"),
    Deed.COMPANY_VERIFIED: Text(ko="회사 확인", en="Company verified"),
    Deed.COMPANY_REVOKED: Text(ko="회사 확인 취소", en="Company's verification revoked"),
    Deed.REPORTS_CLEARED: Text(ko="담당자 요청 제한 해제", en="An admin's reports taken again"),
    Deed.COMPANY_MEMBERS_VIEWED: Text(
        ko="회사 담당자의 회원 목록 조회", en="Member list viewed by the company's admin"
    ),
    Deed.KEPT_CLOSED_VIEWED: Text(ko="회사가 멈춘 회원 목록 조회", en="Accounts that a company keeps closed viewed"),
    Deed.INQUIRY_LOGGED: Text(ko="수사기관 요청 접수", en="Authority's request logged"),
    Deed.INQUIRY_VIEWED: Text(ko="수사기관 요청 조회", en="Authority's request viewed"),
    Deed.INQUIRY_DECIDED: Text(ko="수사기관 요청 결정", en="Authority's request decided"),
    Deed.KEY_ADDED: Text(ko="암호키 추가", en="Wrapping key added"),
    Deed.KEYS_ROTATED: Text(ko="암호키 교체", en="Keys re-wrapped"),
    Deed.KEYS_SWEPT: Text(ko="쓰이지 않는 암호키 파기", en="Unused keys destroyed"),
}

VIEWS = frozenset(
    {
        Deed.QUEUE_VIEWED,
        Deed.REQUEST_VIEWED,
        Deed.HOLDS_VIEWED,
        Deed.LIST_VIEWED,
        Deed.MEMBER_SEARCHED,
        Deed.COMPANY_MEMBERS_VIEWED,
        Deed.KEPT_CLOSED_VIEWED,
        Deed.VALUE_REVEALED,
        Deed.PAPER_VIEWED,
        Deed.ACCESS_RECORDS_VIEWED,
        Deed.SEPARATED_READ,
    }
)
"""What shows a person's data to somebody else."""
