"""The names of sections, fields and fixed values for a reader: what a difference between policies is told with."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from portal.policy.model import Language, Text

SECTIONS: Mapping[str, Text] = {
    "effective_on": Text(ko="시행일", en="In force since"),
    "title": Text(ko="제목", en="Title"),
    "reason": Text(ko="개정 이유", en="Reason for this version"),
    "controller": Text(ko="회사", en="Company"),
    "officer": Text(ko="개인정보 책임자", en="Person responsible"),
    "collection_methods": Text(ko="수집 방법", en="Ways of collection"),
    "purposes": Text(ko="처리 목적", en="Purposes"),
    "items": Text(ko="수집 항목", en="Items"),
    "consent_items": Text(ko="동의 항목", en="Consent items"),
    "rights": Text(ko="회원의 권리", en="Rights"),
    "processors": Text(ko="처리 위탁", en="Processors"),
    "retention_rules": Text(ko="보관 규칙", en="Retention rules"),
    "destruction_methods": Text(ko="파기 방법", en="Destruction methods"),
    "safeguards": Text(ko="보호 대책", en="Safeguards"),
    "outbound": Text(ko="외부 사이트 안내", en="Notice on outside sites"),
    "remedy_bodies": Text(ko="상담 기관", en="Agencies to turn to"),
    "articles": Text(ko="조항", en="Articles"),
}

FIELDS: Mapping[str, Text] = {
    "": Text(ko="내용", en="Content"),
    "address": Text(ko="주소", en="Address"),
    "articles": Text(ko="조항", en="Articles"),
    "ask": Text(ko="안내 문구", en="Prompt"),
    "backup_copy": Text(ko="백업 사본 보관", en="Backup copy kept"),
    "body": Text(ko="안내문", en="Notice"),
    "brand": Text(ko="약칭", en="Short name"),
    "business_registration_number": Text(ko="사업자등록번호", en="Business registration number"),
    "closes_service": Text(ko="거부하면 이용 제한", en="Refusal closes the service"),
    "consequence": Text(ko="거부 시 불이익", en="Consequence of refusal"),
    "contact_mail": Text(ko="연락 가능한 메일", en="Working mail address"),
    "copyright": Text(ko="저작권 표시", en="Copyright notice"),
    "easy": Text(ko="쉬운 요약", en="Summary in plain words"),
    "effective_on": Text(ko="시행일", en="In force since"),
    "ground": Text(ko="처리 근거", en="Legal ground"),
    "group": Text(ko="구분", en="Group"),
    "items": Text(ko="항목", en="Items"),
    "kept": Text(ko="그 뒤에도 보관하는 기록", en="Records kept afterwards"),
    "key": Text(ko="코드에서 쓰는 이름", en="Name in the code"),
    "kind": Text(ko="종류", en="Kind"),
    "label": Text(ko="이름", en="Name"),
    "mail": Text(ko="메일", en="Mail"),
    "mail_usable": Text(ko="메일 사용 가능", en="Mail usable"),
    "medium": Text(ko="매체", en="Medium"),
    "method": Text(ko="방법", en="Method"),
    "methods": Text(ko="수집 방법", en="Ways of collection"),
    "months": Text(ko="개월", en="Months"),
    "name": Text(ko="이름", en="Name"),
    "notice": Text(ko="알림 문구", en="Notice"),
    "number": Text(ko="조", en="Article"),
    "period": Text(ko="기간", en="Period"),
    "phone": Text(ko="전화번호", en="Telephone"),
    "position": Text(ko="직책", en="Position"),
    "purposes": Text(ko="목적", en="Purposes"),
    "recipient": Text(ko="제공받는 자", en="Recipient"),
    "refusal": Text(ko="거부", en="Refusal"),
    "relationship": Text(ko="관계", en="Relationship"),
    "representative": Text(ko="대표자", en="Representative"),
    "representative_title": Text(ko="대표자 직함", en="Representative's title"),
    "review_required": Text(ko="검토 필요", en="Review required"),
    "revision": Text(ko="판", en="Revision"),
    "right": Text(ko="거부할 권리", en="Right to refuse"),
    "rule": Text(ko="따르는 보관 규칙", en="Retention rule followed"),
    "service": Text(ko="서비스", en="Service"),
    "short": Text(ko="짧은 이름", en="Short name"),
    "start_event": Text(ko="기간의 시작", en="Period starts at"),
    "start_stated": Text(ko="시작을 방침에 적음", en="Start stated in the policy"),
    "status": Text(ko="근거의 상태", en="Standing of the ground"),
    "still": Text(ko="거부해도 할 수 있는 일", en="Still possible after refusal"),
    "storage_countries": Text(ko="보관 국가", en="Countries of storage"),
    "stored": Text(ko="저장", en="Stored"),
    "task": Text(ko="업무", en="Task"),
    "term": Text(ko="보유 기간", en="Retention"),
    "text": Text(ko="본문", en="Text"),
    "title": Text(ko="제목", en="Title"),
    "until": Text(ko="끝나는 때", en="Until"),
    "verified_on": Text(ko="근거 확인일", en="Ground verified on"),
    "way": Text(ko="방법", en="Way"),
    "years": Text(ko="년", en="Years"),
}

VALUES: Mapping[str, Text] = {
    "True": Text(ko="예", en="yes"),
    "False": Text(ko="아니요", en="no"),
    "consent": Text(ko="동의", en="consent"),
    "notice": Text(ko="고지", en="notice"),
    "PAPER": Text(ko="종이", en="paper"),
    "ELECTRONIC": Text(ko="전자 파일", en="electronic files"),
    "optional": Text(ko="선택 동의", en="optional consent"),
    "CONSENT": Text(ko="동의", en="consent"),
    "CONTRACT": Text(ko="계약 이행", en="contract"),
    "STATUTE": Text(ko="법령", en="statute"),
    "INTERNAL_POLICY": Text(ko="내부 방침", en="internal policy"),
    "MEMBER": Text(ko="회원 정보", en="member information"),
    "ACCESS": Text(ko="접속 정보", en="access information"),
    "PAYMENT": Text(ko="결제 정보", en="payment information"),
    "PROCESSOR": Text(ko="수탁자", en="processor"),
    "THIRD_PARTY": Text(ko="제3자", en="third party"),
    "TECHNICAL": Text(ko="기술적", en="technical"),
    "ADMINISTRATIVE": Text(ko="관리적", en="administrative"),
    "VALID": Text(ko="유효", en="valid"),
    "REPEALED": Text(ko="삭제됨", en="repealed"),
    "INTERNAL": Text(ko="내부 방침", en="internal policy"),
    "LEFT_COMPANY": Text(ko="퇴사", en="leaving the company"),
    "PURPOSE_MET": Text(ko="목적 달성", en="purpose met"),
    "MEMBER_LEFT": Text(ko="회원 탈퇴", en="end of membership"),
    "COLLECTED": Text(ko="기록한 날", en="day of recording"),
    "SETTLED": Text(ko="처리를 마친 날", en="day of settlement"),
}


def section_name(section: str, language: Language) -> str:
    return SECTIONS[section].in_language(language)


def field_name(field: str, language: Language) -> str:
    """Return a field's name; of an inner field ("ground.name") both names, outer first."""
    return ": ".join(FIELDS[part].in_language(language) for part in field.split("."))


def value_text(value: Any, language: Language) -> str:
    """Return a fixed value in words; a date as ISO, anything else as it is."""
    if isinstance(value, date):
        return value.isoformat()
    known = VALUES.get(str(value))
    return known.in_language(language) if known else str(value)
