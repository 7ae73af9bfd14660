//! The closed words of asking: grammar, not vocabulary.
//!
//! Lists are read against single clauses of the normalised text, and only where a clause could ask.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use daachorse::CharwiseDoubleArrayAhoCorasick;

/// Question words that ask wherever they stand, unless embedded.
#[rustfmt::skip]
pub(super) const WORDS: &[&str] = &[
    "什么", "啥", "何时", "几时", "几点", "几号", "几月", "几岁", "几楼", "几路", "几个工作日", "星期几",
    "周几", "第几", "几天到", "几天能", "几天可", "几天出", "几天算", "要几天", "停几天", "关几天", "得几天",
    "还有几天", "多久", "多长时间", "多远", "多少", "按几", "要几",
    "分几", "共几", "限几", "收几", "是几", "打几", "发几", "到几", "是干嘛", "干嘛用", "哪", "谁", "怎么", "怎样", "咋", "如何",
    "为何",
];

/// In these a question word is none.
pub(super) const NOT_WORDS: &[&str] = &[
    "哪怕",
    "什么的",
    "多少有",
    "无论如何",
    "没多少",
    "哪吒",
    "多少年的",
    "多少年了",
    "多少次",
    "多少遍",
    "多少回",
];

/// One of these stands in every clause that asks without a question mark.
#[rustfmt::skip]
pub(super) const fn is_hint(c: char) -> bool {
    matches!(
        c,
        '什' | '啥' | '何' | '几' | '谁' | '哪' | '怎' | '咋' | '多' | '如' | '吗' | '么' | '呢' | '不' | '没' | '伐' | '否'
            | '问' | '教' | '准' | '想' | '求' | '真' | '还' | '知' | '懂' | '咨'
    )
}

/// What most clauses are dismissed by: whether a word of the first lists stands in them.
#[derive(Debug, Clone, Copy)]
pub(super) struct First(u8);

impl First {
    const LISTS: [(u8, &'static [&'static str]); 3] = [(1, EXPLICIT), (2, WORDS), (4, VERB_NOT)];

    /// Looks for the first lists in one pass.
    pub(super) fn of(said: &str) -> Self {
        Self(FIRST.find_overlapping_iter(said).fold(0, |lists, hit| lists | hit.value()))
    }

    /// A word that says that it is a question.
    pub(super) fn explicit(self) -> bool {
        self.0 & 1 != 0
    }

    /// A question word, if nothing covers it.
    pub(super) fn word(self) -> bool {
        self.0 & 2 != 0
    }

    /// A verb with its own negation.
    pub(super) fn verb_not(self) -> bool {
        self.0 & 4 != 0
    }
}

static FIRST: LazyLock<CharwiseDoubleArrayAhoCorasick<u8>> = LazyLock::new(|| {
    let mut lists = BTreeMap::<&str, u8>::new();
    for (list, words) in First::LISTS {
        for word in words {
            *lists.entry(word).or_default() |= list;
        }
    }
    CharwiseDoubleArrayAhoCorasick::with_values(lists).expect("a hundred words fit")
});

/// Words that say that it is a question.
#[rustfmt::skip]
pub(super) const EXPLICIT: &[&str] = &[
    "请问", "想问", "求问", "问一下", "问下", "问一声", "问个", "请教", "想了解", "想知道", "求告知", "求解",
    "求科普", "求指", "有人知道", "有知道的", "哪位知道", "哪位懂", "有懂的", "咨询一下", "想咨询", "咨询个",
    "准话", "真的假的", "是真的吗", "真的吗", "是真是假",
];

/// Ends that ask.
#[rustfmt::skip]
pub(super) const ENDS: &[&str] = &["吗", "么", "不", "没", "没有", "伐", "否"];

/// Particles of mood behind them.
pub(super) const TRAILING: &[char] = &['啊', '呀', '哦', '呐', '嘞', '捏'];

/// Ends that look like asking: a word of its own, a statement cut short, a call for assent (都黑成这样了好吗).
#[rustfmt::skip]
pub(super) const NOT_ENDS: &[&str] = &[
    "了好吗", "什么", "这么", "那么", "多么", "要么", "怎么", "再不", "说不", "偏不", "绝不", "还不", "也不", "都不",
    "就不", "还没", "也没", "都没", "就没", "并没", "从没", "还没有", "也没有", "都没有", "就没有", "并没有",
];

/// Before 没 and 没有 at the end: whether it is done or there.
pub(super) const DONE: &[char] = &['了', '过', '好', '到', '完', '有'];

/// Verbs with their own negation, and what stands for them.
#[rustfmt::skip]
pub(super) const VERB_NOT: &[&str] = &[
    "是不是", "有没有", "能不能", "会不会", "要不要", "可不可以", "行不行", "是否", "能否", "可否", "算不算",
    "用不用", "需不需要", "该不该", "对不对", "好不好",
];

/// Before 几 at the end these make it some, not how many.
pub(super) const NOT_OPEN: &[char] = &['好', '这', '那', '过', '了', '有', '十', '前', '近', '隔'];

/// After 还是 these mean that it stays as it was.
#[rustfmt::skip]
pub(super) const CHOICES: &[&str] = &[
    "没", "不", "那", "这", "老", "得", "很", "一样", "一如", "要", "挺", "有点", "有些", "希望", "建议", "先",
];

/// Before 呢 these say that it goes on.
pub(super) const UNKNOWN: &[&str] = &["着呢", "才", "还", "可", "正", "转", "结果", "复制", "何必"];

/// Words of being able, before what is asked for.
pub(super) const CAN: &[&str] = &["能不能", "能否", "可否", "可不可以", "能"];

/// Before 能 these name who may, not who shall.
pub(super) const ASIDE: &[&str] = &["我", "我们", "我家", "个人", "自己", "外地"];

/// What an office is asked to lay hands to.
#[rustfmt::skip]
pub(super) const ACTS: &[&str] = &[
    "修", "装一", "装上", "装几", "派", "管", "把", "给", "别", "清", "拆", "协调", "处理", "解决", "整治", "治", "公开", "公布",
    "公示", "通知", "贴", "恢复", "来", "帮", "早点", "快点", "快些", "尽快", "重视", "考虑", "收拾", "打扫",
    "认真", "先", "说清", "说句", "透明", "铺", "画", "培训", "磨", "个", "查下", "查一下", "搞",
    "多", "少", "声音",
];

/// Whoever it is shall come: a call, not a question who.
pub(super) const CALLS: &[&str] = &["谁来", "谁出来", "谁能来", "谁快来"];

/// The same characters in other senses.
#[rustfmt::skip]
pub(super) const NOT_ACTS: &[&str] = &[
    "给报", "给不", "给办", "给退", "给补", "给送", "别人", "别处", "别的", "来打", "来看", "来得及", "来办",
    "来测", "多久", "多少", "先停", "装修", "修改", "个名", "个证", "个号", "个人", "个月", "个体",
];

/// Before 个 these count.
pub(super) const COUNTS: &[char] = &['一', '两', '三', '几', '这', '那', '哪', '每', '同', '整'];

/// Ends of a polite demand.
#[rustfmt::skip]
pub(super) const POLITE: &[&str] = &["行不行", "好不好", "行吗", "好吗", "成吗", "可以吗", "成不成", "查下行不"];

/// Words of scorn: the answer is in them.
#[rustfmt::skip]
pub(super) const CONTEMPT: &[&str] = &[
    "难道", "凭什么", "凭啥", "良心", "要脸", "脸吗", "睡得着", "就这?", "这么难", "有这么", "谁信", "什么叫",
    "算什么", "有什么用", "有啥用", "有用吗", "哪来的", "干嘛去", "早干", "吃干饭", "干什么吃", "干啥吃", "图什么",
    "图啥", "还有没有人管", "还有没有王法", "怎么不", "好意思", "笑死", "哈哈", "呵呵", "笑话", "心虚", "是个头",
    "到头", "猴年马月", "什么玩意", "什么东西", "你说呢", "要等到", "还让不让", "有意思吗", "这叫", "何况",
    "至于吗", "不是吗", "才算数", "对得起", "吃素", "糊弄", "摆设", "是人吗", "配吗", "拍脑袋", "哪门子", "当饭吃",
    "谁敢", "谁受得了", "谁不", "哪敢", "哪还", "还想怎", "想怎样", "谁稀罕", "什么世道", "很难吗", "难吗",
    "你敢", "你会", "就没事了", "就完了吗", "就算了吗", "出个什么", "了个什么", "个什么劲", "个啥", "什么人啊", "什么神仙", "什么态度", "什么素质", "什么破",
    "什么垃圾", "什么鬼", "现在呢", "结果呢", "说好的", "还有没有一点", "让不让人", "有没有搞错", "怎么这么", "怎么那么", "怎么老", "怎么总", "怎么天天", "哪次不", "哪一次不", "哪回不", "哪天不", "谁还没", "谁愿意", "非要", "非得", "还要我们", "到几时", "我是不是就", "何年何月", "多少次", "多少遍", "有完没完",
];

/// What is missed, not looked for: 法律在哪里.
#[rustfmt::skip]
pub(super) const ABSTRACT: &[&str] = &["监管", "法律", "王法", "公理", "公平", "正义", "天理", "良知", "责任心", "底线"];

/// Nobody does.
pub(super) const WHO_KNOWS: &[&str] = &["谁知道", "鬼知道", "天知道"];

/// A laugh behind a question.
pub(super) const MOCKERY: &[&str] = &["笑死", "笑话", "哈哈", "呵呵", "心虚", "可笑", "搞笑", "呸"];

/// Before a question word: it is not asked.
#[rustfmt::skip]
pub(super) const INDEFINITE: &[&str] = &[
    "不知", "不晓得", "无论", "不管", "没人告诉", "以为", "说不清", "说不上", "说不出", "认不出", "没说", "不清楚",
    "忘了", "记不", "看不出", "随便", "好像", "没什么", "没啥", "没多少", "不怎么", "告诉我", "知道了", "搞不懂",
    "不懂", "想不出", "猜", "似的", "万一", "怕哪天", "倒要", "听听", "拜托", "落实", "不管怎", "什么的", "多少有",
    "说要", "说什么", "想几", "看看",
];

/// Somebody else asked.
#[rustfmt::skip]
pub(super) const REPORTED: &[&str] = &[
    "问我", "我问", "他问", "她问", "问他", "问她", "问了", "有人问", "人问", "电话问", "就问了", "追问", "都问",
    "打听",
];

/// Words with 问 that do not say that somebody asked.
pub(super) const NO_ASKING: &[&str] = &["问题", "疑问", "慰问", "顾问", "问责", "问号", "问卷", "来问"];
