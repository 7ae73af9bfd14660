//! The closed words of the rules: grammar, not vocabulary.
//!
//! What an operator tunes stands in the dictionaries. What stands here belongs to how Chinese puts a
//! thing: which words lift a negation, carry an old matter into the present, or say that it is not the
//! writer's trouble alone. Changing one changes the rules of scoring, and so the engine's version.

use std::sync::LazyLock;

use daachorse::CharwiseDoubleArrayAhoCorasick;

/// The lists that are looked for anywhere in a text, all in one pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum List {
    /// What negates nothing although a negator stands in it.
    NoNegation,
    /// An old matter is carried into the present.
    Still,
    /// Clauses that are nothing but a denial.
    FlatDenial,
    /// An office or editor denies the matter before.
    Denied,
    /// It is here too.
    Here,
    /// What follows is wished for.
    Wish,
    /// It is behind us.
    Past,
    /// It is not the writer's trouble alone.
    Group,
    /// Again and again.
    Again,
    /// People, whoever they are.
    Person,
    /// Somebody died.
    Death,
    /// Somebody is hurt or ill.
    Harm,
    /// Asked whether it is so.
    Whether,
    /// Asked, and meant as an assertion or a request.
    Rhetorical,
    /// Neither drill nor play.
    Real,
    /// A buyer complains.
    Complaint,
    /// Where a seller is to be reached.
    Contact,
    /// Many years ago.
    YearsAgo,
    /// The writer speaks of themselves or asks.
    Writer,
    /// Several people, without a numeral.
    Several,
    /// Somebody, without a numeral.
    Somebody,
}

const LISTS: [(List, &[&str]); 21] = [
    (List::NoNegation, NO_NEGATION),
    (List::Still, STILL),
    (List::FlatDenial, FLAT_DENIALS),
    (List::Denied, DENIED),
    (List::Here, HERE),
    (List::Wish, WISHES),
    (List::Past, PAST),
    (List::Group, GROUP),
    (List::Again, AGAIN),
    (List::Person, PERSONS),
    (List::Death, DEATH),
    (List::Harm, HARM),
    (List::Whether, WHETHER),
    (List::Rhetorical, RHETORICAL),
    (List::Real, REAL),
    (List::Complaint, COMPLAINTS),
    (List::Contact, CONTACTS),
    (List::YearsAgo, YEARS_AGO),
    (List::Writer, WRITERS),
    (List::Several, SEVERAL),
    (List::Somebody, SOMEBODY),
];

/// Longest word of the lists, in characters.
const LONGEST: u32 = 16;

/// A word of the lists, found in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spot {
    /// The lists it stands in, a bit each.
    lists: u32,
    /// First character.
    pub(crate) start: u32,
    /// One past the last character.
    pub(crate) end: u32,
}

/// All words of the lists in a text, ordered by end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spots {
    all: Vec<Spot>,
    /// The lists that have a word in the text.
    lists: u32,
}

impl Spots {
    /// Looks for all lists in one pass.
    pub(crate) fn of(text: &str) -> Self {
        let GrammarWords { automaton, words } = &*WORDS;
        let (mut byte, mut char, mut lists) = (0, 0_u32, 0);
        let spot = |hit: daachorse::Match<u32>| {
            char += text[byte..hit.end()].chars().count() as u32;
            byte = hit.end();
            let (length, of_word) = words[hit.value() as usize];
            lists |= of_word;
            debug_assert!(length <= LONGEST, "a word of the lists is longer than {LONGEST}");
            Spot { lists: of_word, start: char - length, end: char }
        };
        let all = automaton.find_overlapping_iter(text).map(spot).collect();
        Self { all, lists }
    }

    /// Whether the text holds a word of a list.
    pub(crate) fn any(&self, list: List) -> bool {
        self.lists & bit(list) != 0
    }

    /// The words of a list in the text.
    pub(crate) fn each(&self, list: List) -> impl Iterator<Item = Spot> {
        let all = if self.any(list) { &self.all[..] } else { &[] };
        all.iter().filter(move |spot| spot.lists & bit(list) != 0).copied()
    }

    /// Whether a word of a list lies within these characters.
    pub(crate) fn within(&self, list: List, start: u32, end: u32) -> bool {
        let first = self.all.partition_point(|spot| spot.end <= start);
        let mut near = self.all[first..].iter().take_while(|spot| spot.end <= end);
        self.any(list) && near.any(|spot| spot.lists & bit(list) != 0 && start <= spot.start)
    }

    /// Whether a word of a list covers these characters.
    pub(crate) fn over(&self, list: List, start: u32, end: u32) -> bool {
        let first = self.all.partition_point(|spot| spot.end < end);
        let mut near = self.all[first..].iter().take_while(|spot| spot.end <= start + LONGEST);
        self.any(list) && near.any(|spot| spot.lists & bit(list) != 0 && spot.start <= start)
    }
}

fn bit(list: List) -> u32 {
    1 << list as u8
}

/// The words of grammar, found in one pass.
struct GrammarWords {
    automaton: CharwiseDoubleArrayAhoCorasick<u32>,
    /// Of each word the length in characters and its lists.
    words: Vec<(u32, u32)>,
}

static WORDS: LazyLock<GrammarWords> = LazyLock::new(|| {
    let mut lists = std::collections::BTreeMap::<&str, u32>::new();
    for (list, words) in LISTS {
        for word in words {
            *lists.entry(word).or_default() |= bit(list);
        }
    }
    let automaton = CharwiseDoubleArrayAhoCorasick::with_values(lists.keys().copied().zip(0_u32..));
    let words = lists.iter().map(|(word, lists)| (word.chars().count() as u32, *lists)).collect();
    GrammarWords { automaton: automaton.expect("some hundred words fit"), words }
});

/// Asked whether it is so.
const WHETHER: &[&str] =
    &["是不是", "真的假的", "是真的吗", "真的吗", "有没有", "是否", "真假", "真有", "咋回事啊是"];

/// Asked, and meant as an assertion or a request.
#[rustfmt::skip]
const RHETORICAL: &[&str] = &[
    "难道", "凭什么", "能不能", "管不管", "有没有人管", "有没有人来", "能否", "还要", "不会", "良心",
];

/// Neither drill nor play: it is so.
#[rustfmt::skip]
const REAL: &[&str] = &[
    "真的着火", "真着火", "真冒烟", "真塌", "真出事", "真的出事", "不是演习", "不是演练", "不是拍戏",
    "不是拍电影", "假戏真",
];

/// Words of a buyer who complains; who sells does not say them.
#[rustfmt::skip]
const COMPLAINTS: &[&str] = &[
    "投诉", "举报", "维权", "被骗", "上当", "骗子", "不退", "退款", "退钱", "坑人", "不给", "跑路",
    "没人管",
];

/// Where a seller is to be reached.
const CONTACTS: &[&str] = &["微信", "vx", "v信", "私信", "扫码"];

/// Many years ago.
const YEARS_AGO: &[&str] = &["前年的", "大前年", "那年头", "九几年", "八几年", "当年那"];

/// The writer speaks of themselves, or asks.
const WRITERS: &[&str] = &["我", "咱", "俺", "求", "请"];

/// Several people, without a numeral.
const SEVERAL: &[&str] = &["多人", "很多人", "好多人", "不少人", "多名", "多位"];

/// Somebody, without a numeral.
const SOMEBODY: &[&str] = &["有人"];

/// What follows a negator in these is not negated, or the word is none.
#[rustfmt::skip]
const NO_NEGATION: &[&str] = &[
    "不得不", "不仅", "不但", "不光", "不只", "差不多", "不一会", "不多", "不少", "不断", "不停",
    "不久", "不料", "不管", "不然", "不知", "不禁", "不过", "不敢", "不能", "不让", "不给", "不退",
    "不修", "不好", "不行", "不想", "不愿", "不如", "不同", "不明", "没法", "没办法", "没想到",
    "没人", "没有人", "没准", "没完没了", "没几天", "没多久", "没等", "无法", "无奈", "无故",
    "无证", "无缘无故", "不应该", "不该", "不至于", "别说", "别人", "别的", "是不是", "有没有",
    "要不是", "能不能", "会不会", "不允许", "不及时", "不出来", "不到", "不见", "不要命", "没通知",
    "没有通知", "未通知", "没有任何通知",
];

/// A negation does not reach over these.
#[rustfmt::skip]
pub(crate) const BARRIERS: &[&str] = &[
    "就", "又", "还", "都", "导致", "因为", "因", "造成", "被", "把", "却", "结果", "后", "才",
    "的", "但", "也", "直接", "总", "老", "一直",
];

/// What turns a text round: what follows stands for itself.
#[rustfmt::skip]
pub(crate) const TURNS: &[&str] = &[
    "但是", "可是", "然而", "不过", "但", "可惜", "结果", "没想到", "偏偏", "谁知", "又",
];

/// Words that carry an old matter into the present: it is still so.
#[rustfmt::skip]
const STILL: &[&str] = &[
    "至今", "到现在", "还没修", "还没解决", "还没给", "还没退", "还没办", "还是没", "仍", "一直没",
    "一直不", "拖到现在", "现在还", "如今还", "今年又", "今天又", "昨天又", "昨晚又", "又发生",
    "又来了", "没人管", "没人修",
];

/// Clauses that are nothing but a denial.
#[rustfmt::skip]
const FLAT_DENIALS: &[&str] = &[
    "假的", "谣言", "没有的事", "不是真的", "没这回事", "纯属谣言", "假消息", "子虚乌有",
    "都是假的", "是假的", "系谣言",
];

/// What an office or an editor writes after the matter it denies.
#[rustfmt::skip]
const DENIED: &[&str] = &[
    "系伪造", "系谣言", "系误", "系顾客误", "系旧", "并非本市", "不在本市", "并非我市", "非本市",
    "均不属实", "与事实不符", "并不存在", "不存在险情", "已删帖致歉", "已被依法", "是误会",
    "看错了",
];

/// Words that say it is here too, whatever other places are named.
#[rustfmt::skip]
const HERE: &[&str] = &[
    "我们这", "咱们这", "我们也", "咱这边也", "我们小区", "本市", "我市", "我区", "我们市",
];

/// Before a word of denial or an end: wished for, not given.
#[rustfmt::skip]
const WISHES: &[&str] = &[
    "求", "要么", "请", "出来", "尽快", "能不能", "赶紧", "为什么不", "怎么不", "等", "希望",
    "什么时候", "何时", "啥时候", "多久", "几点", "才能", "盼", "早日", "快点", "要求", "应该",
    "没有", "还没", "没", "未", "不", "别", "哪天", "能否", "有没有", "谁来", "是不是", "真的假的",
    "到底",
];

/// Words that put the whole matter behind: it was, and nobody must run.
#[rustfmt::skip]
const PAST: &[&str] = &[
    "昨天", "昨晚", "昨夜", "昨日", "前天", "前晚", "上周", "上星期", "上礼拜", "上个月", "上月",
    "去年", "前年", "前几天", "前阵子", "那天", "当时", "上次", "周末", "几天前", "几个月前",
];

/// Words that say we: it is not the writer's trouble alone.
#[rustfmt::skip]
const GROUP: &[&str] = &[
    "我们小区", "我们楼", "我们村", "我们班", "我们学校", "我们厂", "我们公司", "我们单位",
    "我们工地", "整个", "整栋", "整条", "全村", "全班", "全校", "全楼", "全小区", "一栋楼", "几栋",
    "好几个", "好多", "很多", "不少", "好几家", "好几户", "大家", "家长们", "业主们", "居民",
    "村民", "业主群", "家长群", "街坊", "邻居们", "所有", "每家", "家家", "一片", "几百", "上百",
    "上千", "几十", "我们这", "我们院", "全院", "整层", "每一栋", "院里", "村里人", "好些",
    "几十家", "整片", "两栋", "三栋", "都这情况", "都这样", "班里", "工友", "都没", "都是",
    "老人们", "孩子们", "学生们", "几家", "几户", "半个", "一条街", "几个小区", "三个小区",
    "两个小区", "乘客", "全都", "一屋子", "排队",
];

/// Words that say again and again.
#[rustfmt::skip]
const AGAIN: &[&str] = &[
    "又", "第二次", "第三", "第四", "第五", "每天", "天天", "每次", "一直", "多次", "反复",
    "好几次", "无数次", "年年", "夜夜", "每晚", "每周", "隔三差五", "三天两头", "长期", "常年",
    "不止一次", "从来", "好几回",
];

/// Words for people, whoever they are.
#[rustfmt::skip]
const PERSONS: &[&str] = &[
    "有人", "男子", "女子", "工人", "邻居", "司机", "师傅", "工友", "居民", "阿姨", "大姐", "家属",
    "我爸", "我妈", "我们", "老公", "同事", "村里人", "人没", "父亲", "母亲", "哥", "姐夫", "顾客",
    "业主", "民工", "死者", "伤者", "乘客", "家长",
];

/// Parts of public safety in which minutes count.
#[rustfmt::skip]
pub(crate) const HAZARDS: &[&str] = &[
    "fire", "explosion", "collapse", "gas", "water", "trapped", "electric",
];

/// Words that say somebody died. 死 alone says so only beside a number (笑死, 死机 say nothing).
#[rustfmt::skip]
const DEATH: &[&str] = &[
    "死亡", "身亡", "遇难", "丧生", "死人了", "死了人", "抢救无效", "没抢救过来", "没救过来",
    "盖着布", "盖白布", "盖着白布", "没了呼吸", "没有呼吸", "没了心跳", "失去生命体征", "溺亡",
    "坠亡", "遗体", "尸体", "猝死", "被撞死", "被砸死", "被压死", "出了人命", "人没了", "闹出人命",
    "烧死", "淹死", "电死", "毒死", "活埋",
];

/// Words that say somebody is hurt or ill; a number of people beside them is a number of casualties.
#[rustfmt::skip]
const HARM: &[&str] = &[
    "受伤", "轻伤", "重伤", "伤者", "伤员", "负伤", "骨折", "烧伤", "烫伤", "砸伤", "撞伤", "摔伤",
    "刺伤", "砍伤", "咬伤", "划伤", "电伤", "冻伤", "伤了", "中毒", "呕吐", "吐了", "在吐", "都吐",
    "吐得", "又吐", "吐又", "上吐下泻", "腹泻", "拉肚子", "拉稀", "肚子疼", "肚子痛", "发烧",
    "发热", "高烧", "头晕", "恶心", "晕倒", "晕过去", "昏迷", "昏倒", "中暑", "送医", "住院",
    "进了医院", "进医院", "送医院", "送去医院", "送进医院", "去了医院", "抢救", "急救", "抬走",
    "抬出", "送往医院", "流血", "满脸是血", "出血", "浑身是血", "起疹子", "过敏", "血铅超标",
    "铅超标", "感染", "确诊", "溺水", "落水", "失联", "失踪", "被撞", "被砸", "倒地", "不省人事",
    "呛进", "呛伤", "腹痛", "咳血", "胸闷", "喘不上气", "呼吸困难", "摔了", "摔倒", "摔断", "缝了",
    "倒了", "晕在", "流鼻血", "拉吐", "吐和拉", "吐", "挂水", "烂脸", "又倒", "倒下", "倒地不起",
    "医院送", "医院拉", "医院抬", "送往县医院", "咬了", "被咬",
];

/// Nouns after 个, 名, 位 that are people.
#[rustfmt::skip]
pub(crate) const PEOPLE: &[&str] = &[
    "人", "孩子", "小孩", "娃", "学生", "同学", "老人", "大爷", "大妈", "阿姨", "工人", "工友",
    "农民工", "员工", "家长", "业主", "乘客", "病人", "患者", "邻居", "居民", "群众", "村民",
    "女孩", "男孩", "小朋友", "宝宝", "小伙", "大人", "老师", "护士", "医生", "司机", "师傅",
    "伤者", "伤员", "租客", "顾客", "客人", "游客", "兄弟", "女生", "男生", "骑手", "女娃", "男娃",
    "阿婆", "老头", "老太", "婴儿", "孕妇", "女工", "保安", "消防员", "被困", "学员", "保洁",
    "会员", "职工", "同事", "客户", "用户", "摊贩", "商户", "旅客", "考生", "护工", "农户", "职员",
    "环卫", "姑娘", "住户", "病号", "老太太", "老爷子",
];
