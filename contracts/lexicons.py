"""Read what a text asks for: sentences that demand something, by closed word lists, after negation and quotation. Pure.

Runs where the text is (adapter, console), so that only the name of a lexicon and a count leave the office. Most of the words
also occur in texts that forbid the practice; so before a list is tried on a sentence, everything is taken out of it that is
forbidden (严禁…, 清理…, 针对…等问题), quoted, conditional (…的，), allowed (可以…, 鼓励…) or already done (已…, 今年以来…).
The lists are data: ``lexicons.toml``. Only the standard library is used: both files may be copied into an adapter.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

METHOD: Final = "clause-lexicons-1"
"""Id of this reader and its lists; a changed meaning of either gets another."""

FILE: Final = Path(__file__).with_name("lexicons.toml")
_GAP: Final = "[^，。；\n]{0,16}?"
_WIDE_GAP: Final = "[^\n]{0,30}?"

# ---------------------------------------------------------------------------------------------------- cleaning

_PINYIN: Final = re.compile("[（(][a-zü]{0,5}[āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹḿ][a-zü]{0,5}[）)]")
"""What a converter of web pages leaves behind a character: 統(tǒng)."""
_PAGE_MARK: Final = re.compile(r"[\s*·•\-—–－]*第?\d{1,4}页?[\s*·•\-—–－]*")
_ENDS: Final = frozenset("。！？；：!?;:）)")
_MARKER: Final = re.compile(
    r"(?:[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十0-9]{1,3}[）)]|\d{1,2}[.．、)]|第[一二三四五六七八九十百0-9]{1,4}[章节条])"
)
_ITEM: Final = re.compile(
    r"(?:[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十]{1,3}[）)]|[（(]?\d{1,2}[.．、）)]|[①-⑳])"
)
_BROKEN_LINE: Final = 25
"""A line of so many characters that ends without a full stop was cut by the page, not by the writer."""
_LONGEST: Final = 800
"""Characters of a sentence: nobody writes longer ones, and what has no full stop is read in parts, so that time stays bounded."""
_NEAR_END: Final = 120
_TITLE: Final = 60
_HEADING: Final = 30

_TRADITIONAL: Final = (
    "並乾亂亞併來係個備傢傳傾價儘償優內兩冇冊刪則剋創劃動務勢勵匯區協參員問啓啟單噹嚮嚴囌國圍園圖團執堅報場壓奬學寜實寧審將專對導屆層屬崗師帳幫幹廁廢廣廳張強彙後從復徹態慮憑懇應懸戶捲掃掛撥擔據擬攝數於時晉"
    "曬書會東條棄業構標樣機檔檢檯權氣汙決沒況減測準溫潔澇濟為無營爭爲狀獎獨獲現畝當發盡監眾瞭確碼祇稅稈種稱積穩穫筆箇節範簡簽籌籤糰糾紀約納紙級細組結絕絡給經綜綫網緊線編縣縮總績織繞繫繳纍羣義習聞聯職肅臨臺"
    "與華萬著蓋蘇處號衆術衛衹裏補裝裡製複覈見規視觀訂計記訪設許訴詐評試話該誌認說説調談請論諾謹證識議護變讓讚負財貧貫責貴費貼資賠賦質賬贊跡蹤躍軌軍軟載輒輕轄轉辦農迴週進過達違遞適遲選郵鄉醫釘針銷錄錶鍾鎮鐘"
    "長門開間閤閱闆關闡際隨險隱隻響頁頂項須頑頓領頭頻題額願類顧顯風颱饋馬驗體髮鬚鹹麵麼麽點黨鼕齊齣龍"
)
_SIMPLIFIED: Final = (
    "并干乱亚并来系个备家传倾价尽偿优内两没册删则克创划动务势励汇区协参员问启启单当向严苏国围园图团执坚报场压奖学宁实宁审将专对导届层属岗师帐帮干厕废广厅张强汇后从复彻态虑凭恳应悬户卷扫挂拨担据拟摄数于时晋"
    "晒书会东条弃业构标样机档检台权气污决没况减测准温洁涝济为无营争为状奖独获现亩当发尽监众了确码只税秆种称积稳获笔个节范简签筹签团纠纪约纳纸级细组结绝络给经综线网紧线编县缩总绩织绕系缴累群义习闻联职肃临台"
    "与华万着盖苏处号众术卫只里补装里制复核见规视观订计记访设许诉诈评试话该志认说说调谈请论诺谨证识议护变让赞负财贫贯责贵费贴资赔赋质账赞迹踪跃轨军软载辄轻辖转办农回周进过达违递适迟选邮乡医钉针销录表钟镇钟"
    "长门开间合阅板关阐际随险隐只响页顶项须顽顿领头频题额愿类顾显风台馈马验体发须咸面么么点党冬齐出龙"
)
"""The characters of the lists and of the grammar below that are written otherwise in 繁体."""
_FOLD: Final = str.maketrans(_TRADITIONAL + "!?;:()％「」『』﹁﹂〝〞", _SIMPLIFIED + "！？；：（）%“”‘’“”“”")
_COMMA: Final = re.compile(r"(?<!\d),|,(?!\d)")
_QUOTED: Final = re.compile("“([^“”\n]{0,300})”|‘([^‘’\n]{0,300})’")
_TITLED: Final = re.compile("《[^》\n]{0,120}》?|〈[^〉\n]{0,120}〉")
_TERM: Final = 8
"""Words in quotation marks of up to so many characters are a term (“一票否决”); longer ones are somebody else's."""

# ---------------------------------------------------------------------------------------------------- grammar

_DEMANDS: Final = (
    "(?:应当?(?!急|对|用|付|届|收|聘|邀|变)|(?<![主重需必纪首摘概扼简提想只也不])要(?!求|点|素|闻|件|害|么|是|领|强|约|不|道|塞|职)"
    "|(?<!无)须|必须|务必|(?<!恳)请(?!示|求|假|勿|帖|客|销|愿)|确保|一律(?!不))"
)
_DIRECTS: Final = re.compile(_DEMANDS)
_FORBIDS: Final = re.compile(
    "不得(?!低于|少于|晚于|迟于|小于|高于|超过|早于)|严禁|禁止|不准|不许|不再|不要(?!求)|不能(?!少于|低于)|不可(?!或缺|逆|抗|分|替代|避免)|不宜"
    "|不应(?!少于|低于)|不必|不需|无需|无须|毋须|不搞|不要求|不提(?!前)出?|不以|不将|不把|不作为|不设|不对(?!称|等)|不向|不予|不组织|不开展"
    "|不安排|不列入|不纳入|不进行|不强制|不强求|不用|不刻意|不随意|不简单|不得不当|避免|防止|谨防|严防|杜绝|力戒|切忌|切勿|请勿|决不|绝不|反对"
    "|抵制|摒弃|破除|克服|遏制|制止|禁绝|叫停|停止"
)
"""Forbids what follows up to the end of the sentence, a turn, or a new demand after a comma."""
_ENDS_FORBIDDING: Final = re.compile(
    f"但|而是|而应|然而|同时|确需|，(?=(?:各(?!种|类|项)|[于每]|[^，。；\n]{{0,14}}?{_DEMANDS}))"
)
_REDUCES: Final = re.compile(
    "减少|减轻|压减|压缩|精简|取消|撤销|清理|整治|纠治|纠正|治理(?!体系|能力|水平|现代化|效能|格局)|整改(?!情况|方案|报告|措施|台账|结果|工作|进展|落实|任务)"
    "|查处|查纠|排查|规范(?!性|化|标准)|控制|严控|删减|削减|砍掉|免于|免除|替代|代替|废止|清退|退出|解决|整顿"
)
"""Takes what follows away, up to the end of the clause or where something else is said of it."""
_ENDS_REDUCING: Final = re.compile(f"，|情况(?!说明)|成效|结果|进展|机制|行动|纳入|列入|作为|{_DEMANDS}")
_ARTICLE: Final = re.compile("第[一二三四五六七八九十百0-9]{1,4}条")
"""An article is a norm, whatever it is called."""
_OTHER: Final = "其他"
_SECTIONS: Final = tuple(
    (kind, re.compile(words))
    for kind, words in (
        ("形势背景", "形势背景|背景(?:和|与|情况|意义)|面临的形势|当前形势"),
        ("重要意义", "重要意义|重大意义|充分认识|统一思想|提高(?:思想)?认识|提高政治站位"),
        ("主要原则", "(?:主要|基本|工作|总体)原则"),
        ("指导思想", "指导思想|总体要求|总体思路"),
        ("目标任务", "(?:目标|主要|重点|工作)任务|工作目标|主要目标|总体目标"),
        ("加强领导", "(?:加强|强化)(?:组织)?领导|组织领导"),
        ("落实责任", "(?:落实|压实|明确|强化)(?:工作|主体|各方)?责任"),
        ("组织保障", "组织(?:实施|保障)|保障措施|工作要求|工作保障"),
    )
)
"""Kind of a part -> what its heading says."""

_ILLS: Final = re.compile("问题|现象|行为|情形|做法|乱象|陋习|倾向|歪风|弊病|顽疾|怪象|之风")
_AGAINST: Final = re.compile("针对|紧盯|聚焦|直面|存在|着力(?!构建|打造)|切实解决")
_ABOUT: Final = re.compile("纠治|整治|纠正|治理|解决|克服|反对|对(?!照|标|接|象|应|口|外|内)|围绕|把|将|就")
_REMEDY: Final = re.compile(
    "整治|纠治|纠正|治理|整改|解决|克服|查处|处理|通报|曝光|追究|问责|严肃|坚决|早发现|杜绝|防止|清理|督促"
)
_NEAR: Final = 30
_AND_SO_ON: Final = re.compile("等[^，。；\n]{0,24}$")
_CONDITION: Final = re.compile(
    "[^，；\n]*的(?=[，、]|一律|坚决|严肃|予以|依规|依纪|从严|原则上)|(?:凡|如|若|确需|确因|除)[^，；\n]*(?=，)|在[^，；\n]*时(?=，)"
)
_MAY: Final = re.compile("可以|可(?=[根结视按采自将由在组选参适通不])|有权")
"""Allows what follows up to the end of the sentence, a turn, or a new demand after a comma."""
_ENCOURAGES: Final = re.compile("鼓励|支持|提倡|倡导|允许|自愿|自主")
_DONE_ALL: Final = re.compile(
    "年初以来|今年以来|去年以来|以来，|截至|截止目前|累计|同比|近年来|上半年共|全年共|目前[，]?(?:已|共)|(?:去年|上年)[^，]{0,6}(?:共|召开|开展)"
)
_DONE: Final = re.compile("(?<![为除到解])了(?![解结望])|已(?!经批准)|均已|先后")
_REPORT: Final = re.compile("(?:报告|总结|汇报|小结|述职|综述)(?:（[^）]{0,12}）)?$")
_LISTED: Final = re.compile(
    f"(?:{_FORBIDS.pattern}|{_REDUCES.pattern})[^。；\n]*(?:下列|以下|如下)[^。；\n]*：$|负面清单[^。；\n]*：$"
)
_OUT: Final = "\n"
"""Stands for a character that was taken out: no gap of a pattern crosses it."""
_QUOTE: Final = "□"
"""Stands for a quoted one: gaps cross it."""

ILLS: Final = "ills"
FORBIDDEN: Final = "forbidden"
CONDITION: Final = "condition"
ALLOWED: Final = "allowed"
DONE: Final = "done"
Span = tuple[int, int]


class Found(NamedTuple):
    """What one lexicon found in a text."""

    lexicon: str
    sentences: tuple[str, ...]
    """The sentences that ask for it, as written; they stay where the text is."""


class Lexicon(NamedTuple):
    """One word list."""

    id: str
    sources: tuple[str, ...]
    where: str
    through: frozenset[str]
    pattern: re.Pattern[str] | None
    unless: re.Pattern[str] | None
    direction: re.Pattern[str] | None
    """In which sentences alone the words count; ``None``: in all."""
    terms: re.Pattern[str] | None
    hits: tuple[str, ...]
    misses: tuple[str, ...]


class _Paragraph(NamedTuple):
    text: str
    """As written, without page marks, pinyin and line breaks."""
    heading: str | None
    forbidden: bool
    """An item of a list of forbidden things."""


def read_phrases(body: str, heading: str | None = None) -> tuple[Found, ...]:
    """Return what a body text asks for, in the order of the lists; empty: it was read and asks for none of it.

    ``heading``: the title where it is not the first line of the body. A text that is a report (报告, 总结) tells what was done:
    nothing in it is a demand but a 请示事项.
    """
    paragraphs = tuple(_paragraphs(body))
    head = _head(paragraphs, heading)
    report = any(_REPORT.search(_fold(line)) for line in head)
    found = {
        "head": ((line, _fold(line)) for line in head),
        "heading": ((one.text, _fold(one.heading)) for one in paragraphs if one.heading),
    }
    hits: dict[str, list[str]] = {}
    for where, lines in found.items():
        lists = [one for one in lexicons() if one.where == where and one.pattern]
        for line, folded in lines:
            for lexicon in lists:
                if lexicon.pattern and lexicon.pattern.search(folded) and not _FORBIDS.search(folded):
                    hits.setdefault(lexicon.id, []).append(line)
    lists = [one for one in lexicons() if one.where == ("report" if report else "text")]
    for paragraph in paragraphs:
        for text, period in _periods(paragraph):
            maybe = [one for one in lists if one.pattern and one.pattern.search(period)]
            for sentence in _parts(text, period, all_forbidden=paragraph.forbidden) if maybe else ():
                for lexicon in maybe:
                    if sentence.asks(lexicon):
                        hits.setdefault(lexicon.id, []).append(sentence.text)
    return tuple(Found(one.id, tuple(hits[one.id])) for one in lexicons() if one.id in hits)


def read_terms(names: Iterable[str]) -> tuple[Found, ...]:
    """Return what names that somebody typed into a list stand for (criteria, kinds of evidence, names of activities)."""
    hits: dict[str, list[str]] = {}
    for name in names:
        folded = _fold(name)
        for lexicon in lexicons():
            if lexicon.terms and lexicon.terms.search(folded) and not _FORBIDS.search(folded):
                hits.setdefault(lexicon.id, []).append(name)
    return tuple(Found(one.id, tuple(hits[one.id])) for one in lexicons() if one.id in hits)


def read_sections(body: str) -> tuple[tuple[str, str], ...]:
    """Return the parts of a text, each by the kind that its heading names (其他: any other) with its own text."""
    parts: list[tuple[str, list[str]]] = []
    depth = 0
    for one in _paragraphs(body):
        marked = _MARKER.match(one.text)
        level = _level(marked.group()) if marked else 0
        kind = _section_kind(one.heading) if one.heading else None
        if kind is None and marked and one.heading and level <= depth:
            kind = _OTHER
        if kind and not (parts and kind == parts[-1][0] == _OTHER):
            parts.append((kind, []))
            depth = level
        elif not parts:
            parts.append((_OTHER, []))
        parts[-1][1].append(one.text)
    return tuple((kind, "\n".join(texts)) for kind, texts in parts)


def _level(marker: str) -> int:
    """Return how deep a numbered heading stands: 一、 is 1, （一） 2, 1. 3, （1） 4; 章节 stand above."""
    if marker.startswith("第"):
        return 0
    if marker.endswith("、") and not marker[0].isdigit():
        return 1
    bracketed = marker[0] in "（("
    return (4 if any(one.isdigit() for one in marker) else 2) if bracketed else 3


def _section_kind(heading: str) -> str | None:
    folded = _fold(heading)
    if _ARTICLE.match(folded):
        return None
    return next((kind for kind, words in _SECTIONS if words.search(folded)), None)


class _Sentence:
    """One sentence (up to 。 or ；) with what is taken out of it."""

    __slots__ = ("_live", "_outs", "folded", "text")

    def __init__(self, text: str, folded: str, outs: Mapping[str, Sequence[Span]]) -> None:
        self.text = text
        self.folded = folded
        self._outs = outs
        self._live: dict[frozenset[str], str] = {}

    def asks(self, lexicon: Lexicon) -> bool:
        """Tell whether the sentence asks for what the list is of."""
        live = self._read(lexicon.through)
        if lexicon.pattern is None or not lexicon.pattern.search(live):
            return False
        if lexicon.direction and not lexicon.direction.search(live):
            return False
        return lexicon.unless is None or not lexicon.unless.search(self.folded)

    def _read(self, through: frozenset[str]) -> str:
        """Return the sentence without everything that this kind of reading does not read."""
        found = self._live.get(through)
        if found is None:
            found = self.folded
            for kind, spans in self._outs.items():
                for start, end in () if kind in through else spans:
                    found = found[:start] + _OUT * (end - start) + found[end:]
            self._live[through] = found
        return found


# ---------------------------------------------------------------------------------------------------- text to sentences


def _fold(text: str) -> str:
    return _COMMA.sub("，", text.translate(_FOLD))


def _paragraphs(body: str) -> Iterator[_Paragraph]:
    """Yield the paragraphs of a text as they were before pages cut them."""
    text = _PINYIN.sub("", body.replace("**", ""))
    whole: list[str] = []
    cut = False
    for raw in text.splitlines():
        line = re.sub(r"\s+", "", raw)
        if not line:
            continue
        if _PAGE_MARK.fullmatch(raw):
            cut = True
            continue
        before = whole[-1] if whole else ""
        open_end = bool(before) and before[-1] not in _ENDS and not _MARKER.match(line)
        if open_end and (cut or before[-1] in "、，," or len(before) >= _BROKEN_LINE):
            whole[-1] = before + line
        else:
            whole.append(line)
        cut = False
    listed: str | None = None
    begins = False
    for paragraph in whole:
        style = _style(paragraph)
        listed = style if begins or style == listed else None
        yield _Paragraph(paragraph, _heading(paragraph), listed is not None)
        begins = paragraph[-1] in "：:" and _LISTED.search(_fold(paragraph[-_NEAR_END:])) is not None


def _style(text: str) -> str | None:
    found = _ITEM.match(text)
    return re.sub("[一二三四五六七八九十0-9①-⑳]+", "#", found.group()) if found else None


def _heading(text: str) -> str | None:
    """Return what heads a paragraph: all of a short line, or its first sentence after a number."""
    if len(text) <= _HEADING and text[-1] not in "。：:，,；;":
        return text
    marker = _MARKER.match(text)
    if marker:
        first = re.split("[。：:\u3000]", text, maxsplit=1)[0]
        return first if len(first) <= _HEADING else None
    return None


def _head(paragraphs: Sequence[_Paragraph], heading: str | None) -> list[str]:
    """Return the lines that name the text: the given heading, and those before the first full sentence."""
    lines = [heading] if heading else []
    for one in paragraphs[:3]:
        if len(one.text) > _TITLE or one.text[-1] in _ENDS:
            break
        lines.append(one.text)
    return lines


def _periods(paragraph: _Paragraph) -> Iterator[tuple[str, str]]:
    """Yield the paragraph's sentences up to a full stop: as written, and folded without what is quoted."""
    folded = _fold(_paired(paragraph.text))
    for text, period in zip(re.split("[。！？!?]", paragraph.text), re.split("[。！？]", folded), strict=True):
        for start in range(0, len(text), _LONGEST):
            yield text[start : start + _LONGEST], _unquoted(period[start : start + _LONGEST])


def _paired(text: str) -> str:
    """Return the text with its straight quotation marks opened and closed in turn."""
    if '"' not in text and "＂" not in text:
        return text
    opening = True
    found = []
    for character in text:
        if character in '"＂':
            found.append("“" if opening else "”")
            opening = not opening
        else:
            found.append(character)
    return "".join(found)


def _unquoted(period: str) -> str:
    """Return the period with quoted text taken out; short terms lose their marks only. Full stops of parts are kept."""
    period = _TITLED.sub(lambda found: re.sub("[^；]", _QUOTE, found.group()), period)

    def unquote(found: re.Match[str]) -> str:
        inner = found.group(1) or found.group(2) or ""
        short = len(inner) <= _TERM and not re.search("[，。；]", inner)
        return inner if short else re.sub("[^；]", _QUOTE, found.group())

    return _QUOTED.sub(unquote, period)


def _parts(text: str, period: str, *, all_forbidden: bool) -> Iterator[_Sentence]:
    """Yield the sentences of a period with what is taken out of each."""
    ills = _ills(period)
    start = 0
    for shown, folded in zip(re.split("[;；]", text), period.split("；"), strict=True):
        end = start + len(folded)
        if shown.strip():
            inside = [(max(a, start) - start, min(b, end) - start) for a, b in ills if a < end and b > start]
            yield _Sentence(shown, folded, _outs(folded, inside, all_forbidden=all_forbidden))
        start = end + 1


def _outs(sentence: str, ills: Iterable[Span], *, all_forbidden: bool) -> dict[str, list[Span]]:
    whole = (0, len(sentence))
    return {
        ILLS: [*ills, *([whole] if all_forbidden else [])],
        FORBIDDEN: list(_forbidden(sentence)),
        CONDITION: [found.span() for found in _CONDITION.finditer(sentence)],
        ALLOWED: list(_allowed(sentence)),
        DONE: [whole]
        if _DONE_ALL.search(sentence)
        else [_clause(sentence, found.start()) for found in _DONE.finditer(sentence)],
    }


def _forbidden(sentence: str) -> Iterator[Span]:
    for found in _FORBIDS.finditer(sentence):
        end = _ENDS_FORBIDDING.search(sentence, found.end())
        yield found.start(), end.start() if end else len(sentence)
    for found in _REDUCES.finditer(sentence):
        end = _ENDS_REDUCING.search(sentence, found.end())
        yield found.start(), end.start() if end else len(sentence)


def _allowed(sentence: str) -> Iterator[Span]:
    for found in _MAY.finditer(sentence):
        end = _ENDS_FORBIDDING.search(sentence, found.end())
        yield found.start(), end.start() if end else len(sentence)
    for found in _ENCOURAGES.finditer(sentence):
        yield found.start(), _clause_end(sentence, found.end())


def _ills(period: str) -> list[Span]:
    """Return where a period names ills that it is against: 针对…；…等问题，深入开展整治."""
    spans = []
    after = 0
    for found in _ILLS.finditer(period):
        at = found.start()
        listed = _AND_SO_ON.search(period, after, at)
        if not listed and not _REMEDY.search(period, found.end(), found.end() + _NEAR):
            continue
        against = _AGAINST.search(period, after, at)
        start = max(period.rfind("；", 0, at) + 1, after)
        if against:
            start = against.start()
        elif not listed or _DIRECTS.search(period, start, at):
            about = _ABOUT.search(period, max(period.rfind("，", 0, at) + 1, after), at)
            start = about.start() if about else at
        spans.append((start, found.end()))
        after = found.end()
    return spans


def _clause(sentence: str, at: int) -> Span:
    return sentence.rfind("，", 0, at) + 1, _clause_end(sentence, at)


def _clause_end(sentence: str, at: int) -> int:
    end = sentence.find("，", at)
    return len(sentence) if end < 0 else end


# ---------------------------------------------------------------------------------------------------- the lists


@cache
def lexicons() -> tuple[Lexicon, ...]:
    """Return the lists in the order of the file; they are compiled when first asked for."""
    return tuple(_lexicon(row) for row in tomllib.loads(FILE.read_text("utf-8"))["lexicons"])


def _lexicon(row: Mapping[str, object]) -> Lexicon:
    def words(key: str) -> tuple[str, ...]:
        value = row.get(key, ())
        return tuple(value) if isinstance(value, list) else ()

    direction = row.get("direction")
    directs = _DEMANDS + (f"|{direction}" if direction else "")
    return Lexicon(
        id=str(row["id"]),
        sources=words("sources"),
        where=str(row.get("where", "text")),
        through=frozenset(words("through")),
        pattern=_compile(words("patterns")),
        unless=_compile(words("unless")),
        direction=re.compile(directs) if row.get("directs") else None,
        terms=_compile(words("terms")),
        hits=words("hits"),
        misses=words("misses"),
    )


def _compile(patterns: Sequence[str]) -> re.Pattern[str] | None:
    whole = "|".join(f"(?:{one})" for one in patterns)
    return re.compile(whole.replace("……", _WIDE_GAP).replace("…", _GAP)) if whole else None
