"""What a reader of texts found a text to ask for: the closed list of lexicons, and how a finding travels.

Texts never enter events. A reader at the source looks for the words of a lexicon in sentences that demand something, after
negation and quotation were taken out (most of these words also occur in documents that forbid the practice), and only the
name of the lexicon and a count leave the office.
"""

from typing import Annotated, Literal

from pydantic import StringConstraints

from contracts.event import Model, Ordinal

Lexicon = Literal[
    "指令",
    "报送",
    "日周报",
    "无意见",
    "名义报送",
    "领导签字",
    "催报",
    "台账",
    "留痕",
    "打卡排名",
    "即时响应",
    "强制推广",
    "批示",
    "开会发文",
    "求见负责人",
    "负责人参会",
    "加码",
    "硬指标",
    "督查考核",
    "创建示范",
    "达标",
    "一票否决",
    "责任状",
    "问责",
    "机构编制",
    "干部配备",
    "工资福利",
    "配套",
    "推责",
    "挂牌",
    "非教学任务",
    "隐形文件",
    "套话",
    "请示事项",
    "冠名",
]
"""What can be found. Each is a demand of the text itself, but for the last four, which are how it is written.

指令 directs a lower level to act (DOC-14, N-03); 报送 asks for reports (N-08); 日周报 for daily or weekly ones (RPT-03);
无意见 for a formal answer of who has nothing to say (RPT-05); 名义报送 and 领导签字 for a report in the name of Party committee
or government, or signed by its head (RPT-04); 催报 presses for progress (RPT-06); 台账 asks for ledgers made for the purpose
(DEM-03); 留痕 for screenshots, photographs, videos, tracks (INS-13, INS-14); 打卡排名 for check-in, points, rankings, time online
(APP-01, KPI-08); 即时响应 for instant answers and 接龙 in groups (N-30); 强制推广 for installing, following, registering (N-24);
批示 and 开会发文 take leaders' instructions, or meetings held and documents issued, as a measure of work (INS-13, N-18);
求见负责人 asks to be received by heads (N-17); 负责人参会 asks heads to attend (MTG-13); 加码 goes beyond what was asked for (STK-04);
硬指标 sets quotas (STK-05); 督查考核, 创建示范, 达标, 一票否决, 责任状, 问责, 机构编制, 干部配备, 工资福利 are the matters of which only
documents made for them may speak (N-09, DOC-25); 配套 asks for matching documents (N-08); 推责 shifts duties down as 属地管理
(DUT-05); 挂牌 asks for plaques (PLQ-02); 非教学任务 burdens teachers (SCH-03).

隐形文件: it calls itself 工作提示, 温馨提示 and the like (DOC-14); 套话: boilerplate (DOC-23); 请示事项: a report that asks for a
decision (N-51); 冠名: 国家, 中国, 全国 and the like in the name of an activity (N-34).
"""


class Phrase(Model):
    """What one lexicon found in a text."""

    lexicon: Lexicon
    count: Ordinal
    """Sentences that ask for it."""
    method: Annotated[str, StringConstraints(pattern=r"^[a-z0-9\-]{1,40}$")]
    """Id of the reader and its word lists; findings of two methods are never compared."""


Phrases = tuple[Phrase, ...] | None
"""Empty: the text was read and asks for none of it; ``None``: nobody read it."""
