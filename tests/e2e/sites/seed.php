<?php
// Fills the WordPress of wordpress.sh, or changes it while it is served.
//   php seed.php SITE fill TRUTH | post TITLE TEXT | add POST COUNT TEXT | edit COMMENT TEXT | del comment|post ID
// The same seed gives the same texts on every empty site; only the times follow the clock.

const ARTICLES = 36;
const COMMENTS = 240;
const SEED = 20261124;
// Names that occur in no text, so that a crawler that keeps one is caught.
const NICKNAMES = ['柳梢儿', '阿橘不吃鱼', '十七路末座', '半盏凉茶', '修表匠', '灯下记账', '麦芽糖糖', '雨靴三号'];
const EDITOR = '轮值编务';

// Constants: WordPress sets global variables of many a name.
define('SITE', $argv[1] ?? '');
define('ACTION', $argv[2] ?? '');
define('GIVEN', array_slice($argv, 3));
$_SERVER += ['HTTP_HOST' => '127.0.0.1', 'REQUEST_URI' => '/', 'REMOTE_ADDR' => '127.0.0.1'];
if (ACTION === 'fill') {
  define('WP_INSTALLING', true);
}
require SITE . '/wp-load.php';
// Comments are stored as they are given, at once, and nobody is written to.
remove_all_actions('wp_insert_comment');
remove_all_actions('publish_post');

$SUBJECTS = [
  '用水' => ['%s片二次供水泵房检修安排', ['水压一到晚上就小，洗澡洗到一半没水', '水里有股漂白粉味，烧开了还有', '检修能不能提前两天说'], ['这次修得快，谢谢师傅']],
  '出行' => ['%s公交站台迁移说明', ['站台挪到桥那头，下雨天得走一刻钟', '车等了半小时不来，到站牌上又写着五分钟', '晚高峰红绿灯太短，推婴儿车过不去'], ['新站台有雨棚了，不错']],
  '就医' => ['%s卫生服务站夜间门诊试行', ['夜里去了没有人，门口电话也打不通', '药房说没有降压药，让去市里买', '挂号机坏了一星期没修'], ['半夜发烧有地方去了，感谢']],
  '上学' => ['%s课后托管开始报名', ['报名系统一进去就卡住，刷了一早上', '托管老师一个人看四十个孩子', '收费收据迟迟不给'], ['孩子喜欢手工课']],
  '取暖' => ['%s换热站调试进度', ['家里十四度，穿着羽绒服吃饭', '物业说归热力管，热力说归物业管', '暖气管漏水泡了地板，至今没人来看'], ['今天开始热了']],
  '环境' => ['%s垃圾分类亭改造公示', ['亭子门口堆成山，走过去要捂鼻子', '凌晨两点还在倒玻璃瓶', '河边又有人倒装修垃圾'], ['改造后干净不少']],
];
$PLACES = ['东禾区', '西川区', '南塘区', '石渡小区', '云锦苑', '槐荫巷'];
$ENDINGS = ['', '。', '！', '……', '，盼回复', '😟', '[叹气]', '，已经打过热线'];
$ASIDES = ['同感', '留个脚印', '转到楼栋群了', '楼上说得对', '请问后来呢？', '收藏，给爸妈看看'];
// What crawlers stumble over; none of it is like another once it is read.
$ODD = [
  '<b>加粗的抱怨</b>和<a href="http://127.0.0.1/">一个链接</a>',
  '<script>document.title="x"</script>脚本之后的话',
  '&lt;p&gt;写出来的标签&lt;/p&gt; 与 &amp; 号',
  "第一行\n第二行\n\n隔了一行",
  '=SUM(A1:A9) 像公式的话',
  '全角ＡＢＣ１２３与半角abc123',
  '繁體：這條巷子的路燈壞了兩個月',
  "零宽\u{200b}空格\u{200d}藏在话里",
  '👨‍👩‍👧 一家三口与生僻字𠮷𡈽',
  'only English: the street lamp is broken again',
  '很长的话。' . str_repeat('从这头说到那头，', 300),
];

function one_of(array $choices) {
  return $choices[mt_rand(0, count($choices) - 1)];
}

function put_comment(int $article, int $parent, string $name, string $text, int $at, string $approved = '1'): int {
  return wp_insert_comment(wp_slash([
    'comment_post_ID' => $article, 'comment_parent' => $parent, 'comment_content' => $text,
    'comment_author' => $name, 'comment_author_email' => md5($name) . '@example.invalid',
    'comment_author_IP' => '127.0.0.1', 'comment_approved' => $approved, 'comment_type' => 'comment',
    'comment_date' => gmdate('Y-m-d H:i:s', $at + 8 * 3600), 'comment_date_gmt' => gmdate('Y-m-d H:i:s', $at),
  ]));
}

function put_article(string $title, string $text, int $at, string $status = 'publish'): int {
  return wp_insert_post(wp_slash([
    'post_title' => $title, 'post_content' => $text, 'post_status' => $status, 'post_author' => 1,
    'post_date' => gmdate('Y-m-d H:i:s', $at + 8 * 3600), 'post_date_gmt' => gmdate('Y-m-d H:i:s', $at),
  ]), true);
}

function fill(string $truth): void {
  global $SUBJECTS, $PLACES, $ENDINGS, $ASIDES, $ODD, $wpdb;
  require_once ABSPATH . 'wp-admin/includes/upgrade.php';
  wp_install('禾川街坊', 'root-of-site', 'editor@example.invalid', true, '', 'only-for-tests');
  wp_update_user(['ID' => 1, 'display_name' => EDITOR, 'nickname' => EDITOR]);
  $wpdb->query("truncate table $wpdb->comments");
  $wpdb->query("truncate table $wpdb->posts");
  $settings = [
    'timezone_string' => 'Asia/Shanghai', 'permalink_structure' => '/read/%post_id%', 'posts_per_rss' => 15,
    'thread_comments' => 1, 'thread_comments_depth' => 5, 'page_comments' => 1, 'comments_per_page' => 20,
    'comments_notify' => 0, 'moderation_notify' => 0, 'default_ping_status' => 'closed', 'blog_public' => 1,
  ];
  foreach ($settings as $name => $value) {
    update_option($name, $value);
  }
  if (wp_get_theme('twentytwentyone')->exists()) {
    switch_theme('twentytwentyone');
  }
  mt_srand(SEED);
  $now = time();
  $lines = [];
  $articles = [];
  $subjects = array_keys($SUBJECTS);
  for ($n = 0; $n < ARTICLES; $n++) {
    $subject = $subjects[$n % count($subjects)];
    $place = one_of($PLACES);
    $title = sprintf($SUBJECTS[$subject][0], $place) . '（' . ($n + 1) . '）';
    $at = $now - (ARTICLES - $n) * 5 * 3600 - mt_rand(0, 3000);
    $id = put_article($title, "<p>{$place}的街坊：{$subject}的事说明如下。</p>\n<!--more-->\n<ul><li>时间：" . mt_rand(1, 9) . '日</li><li>留言会看</li></ul>', $at);
    $articles[] = [$id, $subject, $at];
    $lines[] = ['kind' => 'post', 'id' => $id, 'title' => $title, 'date_gmt' => gmdate('c', $at)];
  }
  $threads = [];
  for ($n = 0; $n < COMMENTS; $n++) {
    // A third under one article, so that it takes several pages.
    [$article, $subject, $begun] = $n % 3 === 0 ? $articles[ARTICLES - 4] : one_of($articles);
    $at = min($now - mt_rand(30, 900), $begun + mt_rand(300, 40 * 3600));
    $parent = 0;
    if (mt_rand(0, 2) === 0 && isset($threads[$article])) {
      [$parent, $said] = one_of($threads[$article]);
      $at = max($at, min($now, $said + mt_rand(20, 600)));
    }
    $odd = $n % 20 === 11;
    if ($odd) {
      $text = $ODD[intdiv($n, 20) % count($ODD)];
    } elseif (mt_rand(0, 9) === 0) {
      $text = one_of($ASIDES) . one_of($ENDINGS);
    } else {
      $text = one_of($SUBJECTS[$subject][mt_rand(0, 4) === 0 ? 2 : 1]) . one_of($ENDINGS);
    }
    $name = one_of(NICKNAMES);
    $id = put_comment($article, $parent, $name, $text, $at);
    $threads[$article][] = [$id, $at];
    $lines[] = ['kind' => 'comment', 'id' => $id, 'parent' => $parent, 'post' => $article, 'author' => $name,
      'odd' => $odd, 'text' => $text, 'date_gmt' => gmdate('c', $at)];
  }
  // What no stranger may see.
  put_comment($articles[0][0], 0, '没过审的人', '这条未审核，不该有人看到', $now - 60, '0');
  put_comment($articles[1][0], 0, '发广告的人', '这条是广告，也未审核，不该有人看到', $now - 60, 'spam');
  put_article('未审核的草稿', '这篇未审核，不该有人看到', $now - 60, 'draft');
  foreach ($articles as [$id]) {
    wp_update_comment_count_now($id);
  }
  flush_rewrite_rules(false);
  $flags = JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR;
  $written = array_map(fn($line) => json_encode($line, $flags) . "\n", $lines);
  if (file_put_contents($truth, $written) === false) {
    exit(1);
  }
}

switch (ACTION) {
  case 'fill':
    fill(GIVEN[0]);
    break;
  case 'post':
    echo put_article(GIVEN[0], GIVEN[1], time()), "\n";
    break;
  case 'add':
    for ($n = 0; $n < (int) GIVEN[1]; $n++) {
      echo put_comment((int) GIVEN[0], 0, NICKNAMES[$n % count(NICKNAMES)], GIVEN[2], time()), "\n";
    }
    wp_update_comment_count_now((int) GIVEN[0]);
    break;
  case 'edit':
    $changed = wp_update_comment(wp_slash(['comment_ID' => (int) GIVEN[0], 'comment_content' => GIVEN[1]]), true);
    exit($changed === 1 ? 0 : 1);
  case 'del':
    $gone = GIVEN[0] === 'post' ? wp_delete_post((int) GIVEN[1], true) : wp_delete_comment((int) GIVEN[1], true);
    exit($gone ? 0 : 1);
  default:
    fwrite(STDERR, "seed.php: unknown action\n");
    exit(2);
}
