"""Text in every shape it comes in gets a verdict, or a plain word why there is nothing to judge."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict

import pytest

from monitor.classifiers.quoting import ONLY_QUOTED
from monitor.classifiers.trained import TrainedClassifier, TrainedModel
from monitor.domain.verdicts import Expression, Polarity, Verdict

Judge = Callable[[str], Verdict]


@pytest.fixture
def judge(model: TrainedModel) -> Judge:
    classifier = TrainedClassifier(model)
    return lambda text: classifier.classify([text])[0]


DISSATISFIED = {
    "simplified": "这车才开半年就生锈，打客服没人理",
    "Taiwan": "這車才開半年就生鏽，打客服沒人理",
    "Hong Kong": "架車開咗半年就生鏽，打畀客服冇人理",
    "Cantonese": "架車啱啱揸咗三日就壞咗，揾咗三次都冇人理",
    "both scripts": "这車修了三次还沒修好，打电话也没人理",
    "Latin and digits": "APP升级到V2.3以后导航老是闪退，reset 3次也没用",
    "full width": "ＡＰＰ　閃退３次，客服不理",
    "emoji": "提车第三天仪表黑屏😡😡客服🤷不管",
    "a face": "修了三次又坏了(╯‵□′)╯︵┻━┻",
    "a homophone": "这店就是辣鸡，别来",
    "letters for a word": "真是l j，别来",
    "a word in half": "赶紧给我退qian，不然投su",
    "a point in a word": "这个垃.圾店，修了三次没修好",
    "a symbol in each gap": "垃*圾服务，差·评",
    "an emoji in a word": "垃😀圾车，谁买谁后悔",
    "blanks between characters": "质 量 太 差 了，修 了 三 次",
    "spelt out": "坏/了/没/人/管，客服推来推去",
    "marks nobody sees": "修\u200b了\u200b三\u200b次\u200b还没修好，气死",
    "control characters": "\x00坏\x01了，修了三次没修好\x1f",
    "a lone surrogate": "坏\ud800了，修了三次没修好",
    "right to left": "\u202e坏了，修了三次没修好\u202c",
    "one character": "差",
}


@pytest.mark.parametrize("text", DISSATISFIED.values(), ids=DISSATISFIED)
def test_dissatisfaction_is_heard_in_any_shape(judge: Judge, text: str) -> None:
    verdict = judge(text)
    assert verdict.flagged, verdict.dissatisfied
    assert verdict.reason == ""
    assert all(text[cue.start : cue.end] == cue.text for cue in verdict.cues)


CONTENT = {
    "Taiwan": "師傅很專業，服務態度也好，下次還來",
    "Cantonese": "呢部車幾好揸，坐得舒服",
    "Cantonese thanks": "唔該晒，師傅好專業，服務好周到",
    "Latin and digits": "CarPlay连得上，4S店师傅很耐心，满意",
    "emoji": "开了两万公里，一切正常，很满意😊👍",
    "a face": "空间大，坐着舒服(＾▽＾)",
    "chicken that is hot": "香辣鸡翅很好吃，下次还点",
    "points for full stops": "动力充足.外观漂亮.一家人都喜欢",
    "a list": "红、黄、蓝、白都好看，很喜欢",
}


@pytest.mark.parametrize("text", CONTENT.values(), ids=CONTENT)
def test_content_is_left_alone_in_any_shape(judge: Judge, text: str) -> None:
    assert not judge(text).flagged


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("这店真是辣鸡，别来", "辣鸡"),
        ("真是 L J，别来", "L J"),
        ("这个垃.圾店", "垃.圾"),
        ("垃😀圾车，谁买谁后悔", "垃😀圾"),
        ("服務太差，氣死", "太差"),
        ("ＡＰＰ老是閃退，太爛", "太爛"),
        ("“还行吧”//@某人：垃圾", ""),
    ],
)
def test_spans_are_those_of_the_text_as_given(judge: Judge, text: str, word: str) -> None:
    cues = judge(text).cues
    assert all(text[cue.start : cue.end] == cue.text for cue in cues)
    assert not word or any(word in cue.text for cue in cues)


OWN_GOOD = "我开着挺好的，很满意，推荐"
OTHERS_BAD = "这车太烂了，质量垃圾，修了三次没修好"
OWN_BAD = "修了三次还没修好，气死我了"
OTHERS_GOOD = "挺好的啊，一切正常，很满意"
QUOTED = [
    "> {others}\n{own}",
    ">> {others}\n> 是吗\n{own}",
    "＞{others}\n{own}",
    "引用：“{others}”\n{own}",
    "引用：{others}\n{own}",
    "引用 3楼 张三 的话：{others}\n{own}",
    "{own}//@李四：{others}",
    "{own}//@李四：{others}//@王五：转发微博",
    "回复 @小明：{own}",
    "回复@小明：{own}//@小明：{others}",
    "回复 12楼：{own}",
    "「{others}」\n- - - - - - - - - -\n{own}",
    "[quote=小明]{others}[/quote]{own}",
    "小明 发表于 2024-05-06 10:20\n{others}\n\n{own}",
    "{own}\n-----原始邮件-----\n发件人：小明\n{others}",
    "在 2024年5月6日，客服 写道：\n> {others}\n{own}",
    "{own} RT @someone: {others}",
]


@pytest.mark.parametrize("shape", QUOTED)
def test_only_the_writers_own_words_are_judged(judge: Judge, shape: str) -> None:
    content = judge(shape.format(own=OWN_GOOD, others=OTHERS_BAD))
    assert (content.flagged, content.polarity) == (False, Polarity.POSITIVE)
    text = shape.format(own=OWN_BAD, others=OTHERS_GOOD)
    angry = judge(text)
    assert angry.flagged
    assert all(text[cue.start : cue.end] == cue.text for cue in angry.cues)


@pytest.mark.parametrize(
    "text",
    [
        "//@李四：垃圾车，别买",
        "转发微博//@李四：垃圾车，别买",
        "> 垃圾车，别买",
        "引用：“垃圾车，别买”",
        "RT @x: 垃圾车",
    ],
)
def test_a_post_of_quotes_alone_says_so(judge: Judge, text: str) -> None:
    verdict = judge(text)
    assert (verdict.reason, verdict.flagged, verdict.expression) == (ONLY_QUOTED, False, Expression.NONE)


@pytest.mark.parametrize(
    "text",
    [
        ">_< 车又坏了，修了三次",
        "> 3 万公里就坏了，修了三次",
        "回复很慢：等了三天没人管",
        "网址 http://a.cn//@b 坏了三次没人管",
    ],
)
def test_what_only_looks_like_a_quote_is_judged(judge: Judge, text: str) -> None:
    assert judge(text).flagged


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "空文本"),
        (" \u3000\n\t", "空文本"),
        ("\u200b\ufeff\x00", "空文本"),
        ("\ud800\udfff", "空文本"),
        ("\u202e\u200f", "空文本"),
        ("13579 2468", "只有数字"),
        ("①②③", "只有数字"),
        ("https://example.org/a?b=1", "只有链接"),
        ("www.example.org", "只有链接"),
        ("😡😡", "只有符号"),
        ("。。。！", "只有符号"),
        ("(╯°Д°)╯︵ ┻━┻", "只有符号"),
        ("T_T", "只有符号"),
        ("so bad, never again", "没有中文"),
        ("плохо", "没有中文"),
    ],
)
def test_what_cannot_be_judged_says_why(judge: Judge, text: str, reason: str) -> None:
    verdict = judge(text)
    assert (verdict.reason, verdict.flagged, verdict.polarity) == (reason, False, Polarity.NEUTRAL)


@pytest.mark.parametrize("text", ["大众", "l j", "LJ"])
def test_a_name_or_two_letters_that_mean_a_word_are_judged(judge: Judge, text: str) -> None:
    assert judge(text).reason == ""


@pytest.mark.parametrize("length", [1, 2, 5, 20, 100, 1000, 5000, 20_000])
def test_any_length_up_to_twenty_thousand_characters_is_judged(judge: Judge, length: int) -> None:
    text = ("后排坐着舒服，油耗也低。发动机异响，修了三次还没修好。" * 800)[:length]
    verdict = judge(text)
    assert verdict.reason == ""
    assert json.loads(json.dumps(asdict(verdict)))["version"] == verdict.version
    assert all(text[cue.start : cue.end] == cue.text for cue in verdict.cues)


SHAPES = {
    "sentences": "后排坐着舒服，油耗也低。发动机异响，修了三次还没修好。",
    "no punctuation": "坏了",
    "Latin": "abc ",
    "gaps": "垃.圾，",
    "names": "大众王经理",
    "quotes": "> 垃圾\n",
    "letters": "l j ",
}


@pytest.mark.fuzz
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_time_grows_no_faster_than_length(judge: Judge, shape: str) -> None:
    def seconds(length: int) -> float:
        text = (shape * (length // len(shape) + 1))[:length]
        begun = time.process_time()
        judge(text)
        return time.process_time() - begun

    judge(shape * 1000)
    times = {length: seconds(length) for length in (62_500, 250_000, 1_000_000)}
    # Sixteen times the text may take forty times the time; if time grew as the square it would be 256 times.
    assert times[1_000_000] < 40 * max(times[62_500], 0.004), times
