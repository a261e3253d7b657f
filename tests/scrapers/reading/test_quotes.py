"""What a person wrote in a mail: quotations and signatures of the mail programs in use here are left out."""

import pytest

from scrapers.reading.quotes import own_words, own_words_of_page

OWN = "车又坏了。\n这次是变速箱。"


@pytest.mark.parametrize("below", [
    "在 2026年8月20日，上午9:30，客服 <kefu@example.com> 写道：\n您好，请问有什么可以帮您？",
    '在 2026-08-20 09:30:12，"客服" <kefu@example.com> 写道：\n\n您好',
    "客服 <kefu@example.com> 于2026年8月20日周四 09:30写道：\n> 您好",
    "客服 <a.very.long.address.of.customer.care@example.com>\n于2026年8月20日周四 09:30写道：\n您好",
    "------------------ 原始邮件 ------------------\n发件人: \"客服\" <kefu@example.com>;\n您好",
    "-----原始邮件-----\n发件人: 客服\n您好",
    "---- 回复的原邮件 ----\n| 发件人 | 客服 |\n您好",
    "----- Original Message -----\nFrom: care\nHello",
    "---------- Forwarded message ---------\nFrom: care",
    "开始转发的邮件：\n\n您好",
    "发件人: 客服 <kefu@example.com>\n发送时间: 2026年8月20日 9:30\n收件人: 王先生\n主题: 答复\n\n您好",
    "*发件人：* 客服\n*日期：* 2026年8月20日\n*收件人：* 王先生\n您好",
    "发件人: 客服 发送时间: 2026年8月20日 收件人: 王先生 主题: 答复\n您好",
    "________________________________\nFrom: care\nSent: Thursday\nTo: me\nSubject: answer\n\nHello",
    "寄件者: 客服\n寄件日期: 2026年8月20日\n收件者: 王先生\n主旨: 回覆\n您好",
    "On Thu, Aug 20, 2026 at 9:30 AM Customer Care <kefu@example.com> wrote:\n> Hello",
    "On Thu, Aug 20, 2026 at 9:30 AM Customer Care of a Company\n<kefu@example.com> wrote:\nHello",
    "At 2026-08-20 09:30:12, \"care\" <kefu@example.com> wrote:\nHello",
    "> 您好\n> 请问有什么可以帮您？",
    "-- \n王先生\n电话 000",
    "发自我的iPhone",
    "发自 网易邮箱大师",
    "来自我的华为手机",
    "从我的 iPad 发送",
    "Sent from my iPhone",
    "Get Outlook for iOS",
    "_______________",
])  # fmt: skip
def test_what_is_quoted_or_signed_is_left_out(below: str) -> None:
    assert own_words(f"{OWN}\n\n{below}") == OWN


def test_who_answers_between_the_quoted_lines_is_heard() -> None:
    text = "在 2026年8月20日，客服写道：\n> 哪里坏了？\n变速箱。\n> 什么时候？\n昨天。\n\n发自我的iPhone"
    assert own_words(text) == "变速箱。\n昨天。"


def test_a_mail_passed_on_without_a_word_is_kept_whole() -> None:
    text = "---------- Forwarded message ---------\n发件人: 王先生\n\n车又坏了。"
    assert own_words(text) == text


@pytest.mark.parametrize("text", [
    "销售在合同里写道：三天提车。",
    "合同 2026-08-01 第三条写道：“三天提车”，可是没有。",
    "发件人：我自己",
    "我来自我的老家，开了一天车",
    "价格 > 三十万\n比 -- 还贵",
    "On the road again, he wrote about 3 cars.",
    "气死我了——",
    "",
])  # fmt: skip
def test_what_only_looks_like_a_quotation_stays(text: str) -> None:
    assert own_words(text) == text


@pytest.mark.parametrize("quotation", [
    '<blockquote type="cite"><div>您好</div></blockquote>',
    '<div class="gmail_quote">客服 于2026年8月20日写道：<br><blockquote>您好</blockquote></div>',
    '<div>在 2026-08-20 09:30:12，"客服" &lt;k@a.cn&gt; 写道：</div><blockquote id="isReplyContent">好</blockquote>',
    '<div>------------------&nbsp;原始邮件&nbsp;------------------</div><div>您好</div>',
    '<includetail><div>您好</div></includetail>',
    '<div id="divRplyFwdMsg"><b>发件人:</b> 客服<br><b>发送时间:</b> 2026年8月20日<br><b>收件人:</b> 我</div>您好',
    '<div class="moz-cite-prefix">On 20/8/26 9:30, care wrote:</div><blockquote type="cite">您好</blockquote>',
    '<div class="gmail_signature">王先生 000</div>',
    "<p>--&nbsp;</p><p>王先生</p>",
])  # fmt: skip
def test_quotations_in_html_are_left_out(quotation: str) -> None:
    assert own_words_of_page(f"<html><body><div>车又坏了。</div><p>这次是变速箱。</p>{quotation}</body></html>") == OWN


def test_a_page_of_nothing_but_a_quotation_is_kept_whole() -> None:
    assert own_words_of_page('<div class="gmail_quote">王先生：车又坏了。</div>') == "王先生：车又坏了。"


def test_nests_too_deep_for_a_tree_still_give_their_words() -> None:
    assert own_words_of_page("<div>" * 2000 + "车又坏了") == "车又坏了"


def test_an_endless_mail_is_read_to_its_end() -> None:
    assert own_words("啊\n" * 20_000).count("啊") == 20_000
