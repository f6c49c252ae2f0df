"""The stock of names, places, goods and phrases that the invented population is drawn from. Data only."""

from __future__ import annotations


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    words = text.split()
    return tuple(zip(words[::2], words[1::2], strict=True))


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FAMILIES_CN = _pairs(
    "王 Wang 李 Li 张 Zhang 刘 Liu 陈 Chen 杨 Yang 黄 Huang 赵 Zhao 吴 Wu 周 Zhou 徐 Xu 孙 Sun 马 Ma 朱 Zhu 胡 Hu "
    "郭 Guo 何 He 高 Gao 林 Lin 罗 Luo 郑 Zheng 梁 Liang 谢 Xie 宋 Song 唐 Tang 许 Xu 韩 Han 冯 Feng 邓 Deng 曹 Cao "
    "彭 Peng 曾 Zeng 肖 Xiao 田 Tian 董 Dong 袁 Yuan 潘 Pan 于 Yu 蒋 Jiang 蔡 Cai 余 Yu 杜 Du 叶 Ye 程 Cheng 苏 Su "
    "魏 Wei 吕 Lü 丁 Ding 任 Ren 沈 Shen 姚 Yao 卢 Lu 姜 Jiang 崔 Cui 钟 Zhong 谭 Tan 陆 Lu 汪 Wang 范 Fan 石 Shi "
    "欧阳 Ouyang 司马 Sima 诸葛 Zhuge"
)

GIVEN_CN_FEMALE = _pairs(
    "芳 Fang 娜 Na 敏 Min 静 Jing 丽 Li 艳 Yan 娟 Juan 霞 Xia 秀英 Xiuying 婷 Ting 雪 Xue 慧 Hui 莹 Ying 琳 Lin "
    "欣怡 Xinyi 诗涵 Shihan 雨桐 Yutong 梓涵 Zihan 思琪 Siqi 佳怡 Jiayi 晓梅 Xiaomei 玉兰 Yulan 美玲 Meiling 洁 Jie "
    "可欣 Kexin 若曦 Ruoxi 梦瑶 Mengyao 语嫣 Yuyan 紫萱 Zixuan 依诺 Yinuo 海燕 Haiyan 小红 Xiaohong 春梅 Chunmei "
    "文静 Wenjing 丹丹 Dandan 婉婷 Wanting 月华 Yuehua 淑芬 Shufen 惠 Hui 珊 Shan"
)

GIVEN_CN_MALE = _pairs(
    "伟 Wei 强 Qiang 磊 Lei 军 Jun 洋 Yang 勇 Yong 杰 Jie 涛 Tao 明 Ming 超 Chao 刚 Gang 平 Ping 辉 Hui 鹏 Peng "
    "浩然 Haoran 子轩 Zixuan 宇航 Yuhang 博文 Bowen 俊杰 Junjie 一鸣 Yiming 建国 Jianguo 志强 Zhiqiang 国华 Guohua "
    "海涛 Haitao 文博 Wenbo 天佑 Tianyou 嘉豪 Jiahao 思远 Siyuan 泽宇 Zeyu 晨 Chen 斌 Bin 波 Bo 凯 Kai 健 Jian "
    "永康 Yongkang 立新 Lixin 少华 Shaohua 振宇 Zhenyu 家明 Jiaming 龙 Long"
)

FAMILIES_EN = _words(
    "Smith Jones Taylor Brown Wilson Evans Thomas Roberts Walker Wright Robinson Thompson White Hughes Edwards Green "
    "Hall Wood Harris Clarke O'Neill Müller García Rossi Novak McDonald Kim Nguyen Silva Andersson"
)
GIVEN_EN_FEMALE = _words(
    "Emily Olivia Amelia Sophie Grace Hannah Lucy Charlotte Alice Zoë Chloë Maria Anna Julia Laura Nina Ruth"
)
GIVEN_EN_MALE = _words(
    "Oliver George Harry Jack Thomas James William Daniel Peter Paul Martin David Michael Adam Luke José Erik"
)

Place = tuple[str, str, str, str]
"""Province, city, district, postcode."""

PLACES: tuple[Place, ...] = (
    ("上海市", "上海市", "浦东新区", "200120"),
    ("上海市", "上海市", "徐汇区", "200030"),
    ("上海市", "上海市", "静安区", "200040"),
    ("浙江省", "杭州市", "西湖区", "310013"),
    ("浙江省", "宁波市", "鄞州区", "315100"),
    ("江苏省", "南京市", "鼓楼区", "210009"),
    ("江苏省", "苏州市", "姑苏区", "215005"),
    ("广东省", "广州市", "天河区", "510630"),
    ("广东省", "深圳市", "南山区", "518052"),
    ("广东省", "佛山市", "禅城区", "528000"),
    ("四川省", "成都市", "武侯区", "610041"),
    ("湖北省", "武汉市", "洪山区", "430070"),
    ("北京市", "北京市", "朝阳区", "100020"),
    ("北京市", "北京市", "海淀区", "100080"),
    ("陕西省", "西安市", "雁塔区", "710061"),
    ("内蒙古自治区", "呼和浩特市", "新城区", "010010"),
)

STREETS = _words("人民路 中山路 解放路 建设路 长江路 和平路 文化路 新华路 学院路 滨江大道 花园路 复兴路")

PREFIXES = _words("130 131 133 135 136 137 138 139 150 151 152 158 159 177 180 186 187 188 189 199")
"""Mobile prefixes in use on the mainland; the eight digits behind them are drawn, nobody's number is meant."""

MAIL_HOSTS = _words("mail.example.com post.example.com 163.example.net qq.example.net box.example.org")
"""Mail hosts below the names that RFC 2606 keeps free, so that no message can reach anybody."""

NOTES = (
    "喜欢周末来店",
    "对花粉过敏",
    "prefers e-mail",
    "双胞胎妈妈",
    "发票抬头：个人",
    "请勿在中午打电话",
    "size 38, likes blue",
    "送货请放门卫 🙂",
)

Good = tuple[str, str, str, int]
"""SKU, name, category, price in fen."""

GOODS: tuple[Good, ...] = (
    ("MF-101", "婴儿配方奶粉 1段", "奶粉", 29800),
    ("MF-102", "婴儿配方奶粉 2段", "奶粉", 28800),
    ("MF-103", "婴儿配方奶粉 3段", "奶粉", 26800),
    ("DP-201", "纸尿裤 S", "纸尿裤", 9900),
    ("DP-202", "纸尿裤 M", "纸尿裤", 10900),
    ("DP-203", "拉拉裤 L", "纸尿裤", 11900),
    ("CL-301", "连体衣 66", "童装", 8900),
    ("CL-302", "儿童外套 110", "童装", 25900),
    ("CL-303", "棉袜三双装", "童装", 3900),
    ("CL-304", "雨靴 26", "童装", 12900),
    ("TY-401", "积木 120 粒", "玩具", 15900),
    ("TY-402", "拼图 48 片", "玩具", 4900),
    ("TY-403", "布艺小熊", "玩具", 7950),
    ("CA-501", "婴儿润肤乳", "洗护", 5800),
    ("CA-502", "洗发沐浴二合一", "洗护", 6800),
    ("CA-503", "儿童牙膏", "洗护", 1990),
    ("GE-601", "婴儿推车", "出行", 129900),
    ("GE-602", "安全座椅", "出行", 199900),
    ("GE-603", "背带", "出行", 45900),
    ("FD-701", "米粉 250g", "辅食", 4590),
    ("FD-702", "果泥 6 袋", "辅食", 5990),
)

PAYMENTS = ("wechat", "alipay", "card", "cash")
