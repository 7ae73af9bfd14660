//! Recognises a person's name where the text says that one follows: 我叫, 联系人, 姓名.
//!
//! Chinese names cannot be told from words without a cue, so only these are sought, and only names
//! that begin with a usual surname. A name with a title (李女士, 张师傅) tells no more than a surname
//! and stays. Where the cue is a verb (我叫了外卖), the name must end where a clause or a known
//! word goes on.

use super::{Letters, number};

pub(in crate::text) const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏\
吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付傅方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤\
温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单裴霍涂成苗谷曲\
盛冉翁蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏\
宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝官封谈匡鞠惠荆乐冀胥南班储原栗\
燕楚鄢劳谌奚皮粟冼蔺楼盘满闻位厉伊仝区郜海阚花权强帅屠豆朴盖练廉禹井祖漆巴丰支卿国狄平计索宣晋相初门云容敬来扈晁\
芮都普阙浦戈伏鹿薄邸雍辜羊阿乌母裘亓修邰赫杭况那宿鲜印逯隆茹诺战慕危玉银亢嵇公哈湛宾戎勾茅利於呼居揭干但尉冶斯元";
pub(in crate::text) const COMPOUND: [&str; 12] =
    ["欧阳", "上官", "司马", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "司徒", "令狐", "夏侯"];
pub(in crate::text) const TITLES: [&str; 22] = [
    "先生", "女士", "小姐", "师傅", "老师", "医生", "经理", "主任", "阿姨", "大爷", "大妈", "叔叔", "奶奶",
    "爷爷", "大姐", "大哥", "同学", "同志", "书记", "科长", "总", "工",
];
/// What may follow a name directly.
const AFTER: [&str; 24] = [
    "住",
    "家住",
    "是",
    "在",
    "今年",
    "来自",
    "电话",
    "手机",
    "联系",
    "身份证",
    "男",
    "女",
    "现",
    "于",
    "和",
    "的",
    "我",
    "之前",
    "家",
    "有",
    "曾",
    "想",
    "要",
    "因",
];

/// Whether a text can hold a cue at all.
pub(super) fn may_hold(text: &str) -> bool {
    text.contains("叫") || text.contains("系人") || text.contains("繫人") || text.contains("姓名")
}

/// A name that begins at `at`, right after its cue.
pub(super) fn name(letters: &Letters, at: usize) -> Option<usize> {
    let cue = cue_before(letters, at)?;
    let rest = letters.from(at);
    // The province of a number plate is no part of a name.
    let of_name =
        |(place, c): &(usize, &char)| is_name_char(**c) && number::plate(letters, at + place).is_none();
    let han = rest.iter().take(8).enumerate().take_while(of_name).count();
    let surname = surname_len(rest)?;
    if TITLES
        .iter()
        .any(|title| letters.starts(at + surname, title) || letters.starts(at + surname + 1, title))
    {
        return None;
    }
    // The longest reading that ends where something else begins.
    let ends = |len: &usize| *len == han || AFTER.iter().any(|after| letters.starts(at + len, after));
    let known = [surname + 2, surname + 1].into_iter().filter(|len| *len <= han).find(ends);
    match cue {
        Cue::Verb => known,
        Cue::Field => known.or((han > surname).then_some(han.min(surname + 2))),
    }
    .map(|len| at + len)
}

#[derive(Clone, Copy)]
enum Cue {
    /// 我叫: may be followed by anything.
    Verb,
    /// 姓名： a field of a form.
    Field,
}

fn cue_before(letters: &Letters, at: usize) -> Option<Cue> {
    if ["我叫", "本人叫", "名叫", "我名字是", "我的名字是"].iter().any(|cue| letters.ends(at, 0, cue))
    {
        return Some(Cue::Verb);
    }
    let mut between = 0;
    while between < 3 && matches!(letters.back(at, between + 1), Some(':' | ' ' | '是' | '为')) {
        between += 1;
    }
    let field =
        ["联系人", "聯繫人", "聯絡人", "联络人", "姓名"].iter().any(|cue| letters.ends(at, between, cue));
    (between > 0 && field).then_some(Cue::Field)
}

fn surname_len(rest: &[char]) -> Option<usize> {
    let two: String = rest.iter().take(2).collect();
    if COMPOUND.contains(&two.as_str()) {
        return Some(2);
    }
    SURNAMES.contains(*rest.first()?).then_some(1)
}

fn is_name_char(c: char) -> bool {
    crate::text::sentence::is_han(c)
}
