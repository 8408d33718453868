"""Article 10: whom to contact."""

from tests.articles.reading import POLICY, says


def test_the_officer_is_printed_as_the_policy_gives_him() -> None:
    """개인정보관리책임자 김세준, 관리자, 02-2069-1980, @matecost: the article prints them as they are."""
    officer = POLICY.officer
    assert (officer.title.ko, officer.name.ko, officer.position.ko) == ("개인정보관리책임자", "김세준", "관리자")
    assert (officer.phone, officer.mail) == ("02-2069-1980", "@matecost")
    for language in ("ko", "en"):
        assert says("10", "김세준", "02-2069-1980", "@matecost", language=language)


def test_the_printed_mail_is_known_to_be_unusable() -> None:
    """Nobody can write to "@matecost", so the footer's address is the one to use."""
    assert not POLICY.officer.mail_usable
    assert POLICY.officer.contact_mail == POLICY.controller.mail == "contact@cloudmt.co.kr"


def test_three_agencies_are_printed_with_their_numbers() -> None:
    """The agencies of 2021 stand with the numbers of 2021."""
    assert [(body.name.ko, body.phone) for body in POLICY.remedy_bodies] == [
        ("한국정보보호진흥원", "1336"),
        ("대검찰청 인터넷범죄수사센터", "02-3480-3600"),
        ("경찰청 사이버테러대응센터", "02-392-0330"),
    ]
    for language in ("ko", "en"):
        assert says("10", "1336", "02-3480-3600", "02-392-0330", language=language)


def test_complaints_are_answered_promptly_and_fully() -> None:
    """Complaints go to the officer or the department, who answer promptly and fully."""
    assert says("10", "개인정보관리책임자나 담당 부서", "신속하고 충분하게 답변")


def test_the_footer_tells_who_the_company_is() -> None:
    """Representative, address, telephone, mail and registration number are those of the footer."""
    controller = POLICY.controller
    assert (controller.representative_title.ko, controller.representative.ko) == ("대표이사", "고창규")
    assert controller.address.ko == "서울특별시 구로구 경인로 662, 타워동 29층(신도림동, 디큐브시티)"
    assert controller.phone == "82-2-2069-1980"
    assert controller.business_registration_number == "789-81-01310"
    assert controller.copyright == "© 2021~Present CLOUDMATE. All Rights Reserved."


def test_every_article_has_its_words_in_both_languages() -> None:
    """All twelve articles have a title, an easy summary and a text in Korean and in English."""
    assert [a.number for a in POLICY.articles] == ["1", "2", "2-1", "2-2", "3", "4", "5", "6", "7", "8", "9", "10"]
    for article in POLICY.articles:
        for text in (article.title, article.easy, article.text):
            assert text.ko.strip()
            assert text.en.strip()
