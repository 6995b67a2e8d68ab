"""Word lists for made-up people and companies of sixteen countries, in their own scripts.

Names in a script other than Latin carry a Latin spelling after ``=`` for their e-mail address.
Promise: nobody here exists; domains end in ``.example``. Weakness: a few words a country.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Country:
    """``phones`` are patterns in which # is a digit; ``places`` are ``city/zip/street``."""

    code: str
    name: str
    language: str
    first: tuple[str, ...]
    last: tuple[str, ...]
    places: tuple[str, ...]
    phones: tuple[str, ...]
    forms: tuple[str, ...]
    weight: int = 2


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.split(";"))


COUNTRIES = (
    Country(
        "DE",
        "Germany",
        "de",
        _words("Jürgen=juergen Anneliese Björn=bjoern Käthe=kaethe Lukas Sabine Uwe Heike"),
        _words("Müller=mueller Schröder=schroeder Groß=gross Weiß=weiss Krämer=kraemer Vogel"),
        _lines("Hamburg/20457/Am Sandtorkai 12; Köln/50667/Domstraße 3a; München/80331/Rosental 7"),
        _lines("+49 40 #######; 040 / #### ##; +49 (0)151 ########"),
        _words("GmbH AG KG"),
        4,
    ),
    Country(
        "FR",
        "France",
        "fr",
        _words("Élodie=elodie Gaël=gael François=francois Chloé=chloe Noémie=noemie Hervé=herve"),
        _words("Lefèvre=lefevre Dupont Garçon=garcon Béranger=beranger Moreau L'Hôte=lhote"),
        _lines(
            "Lyon/69002/12 rue Mercière; Paris/75011/8 passage d'Été; Nîmes/30000/4 quai Roussy"
        ),
        _lines("+33 6 ## ## ## ##; 01 ## ## ## ##; +33.4.##.##.##.##"),
        _words("SARL SAS SA"),
        4,
    ),
    Country(
        "BE",
        "Belgium",
        "nl",
        _words("Jef Lieve Wout Marijke Thibault Inès=ines Dirk"),
        _lines("Van den Broeck=vandenbroeck; Peeters; De Smet=desmet; Lambrechts; D'Hondt=dhondt"),
        _lines("Gent/9000/Korenlei 5; Liège/4000/Rue Haute 20; Brussels/1000/Rue Neuve 1"),
        _lines("+32 4## ## ## ##; 02 ### ## ##; 0032 9 ### ## ##"),
        _words("BV NV SRL"),
        4,
    ),
    Country(
        "GB",
        "United Kingdom",
        "en",
        _words("Oliver Siobhán=siobhan Rhys Imogen Alasdair Priya Callum"),
        _words("O'Neill=oneill Smith-Jones MacLeod Patel Featherstonehaugh Clarke"),
        _lines("Leeds/LS1 4DY/9 Park Row; London/EC1A 1BB/2 Long Lane; Cardiff/CF10 1EP/7 Quay St"),
        _lines("+44 20 #### ####; 07### ######; +44 (0)113 ### ####"),
        _words("Ltd PLC LLP"),
        4,
    ),
    Country(
        "US",
        "United States",
        "en",
        _words("Madison Tyrone José=jose Emily Xiomara DeShawn Abigail"),
        _words("Johnson Nguyen-Smith García=garcia Washington Kowalski Lee"),
        _lines(
            "Austin/78701/500 Congress Ave; Boston/02110/1 Post Office Sq; Reno/89501/20 Lake St"
        ),
        _lines("(512) 555-01##; +1 617-555-01##; 775.555.01##; +1 (512) 555-01## ext. 4#"),
        _words("Inc. LLC Corp."),
        4,
    ),
    Country(
        "ES",
        "Spain",
        "es",
        _words("Íñigo=inigo María=maria Núria=nuria Álvaro=alvaro Begoña=begona"),
        _lines(
            "Muñoz Fernández=munoz; Ibáñez=ibanez; Peña=pena; Castro; García y Vega=garcia.vega"
        ),
        _lines("Bilbao/48001/Gran Vía 30; Sevilla/41001/Calle Sierpes 11; Vigo/36201/Rúa Real 2"),
        _lines("+34 6## ### ###; 94# ## ## ##"),
        ("S.L.", "S.A."),
    ),
    Country(
        "IT",
        "Italy",
        "it",
        _words("Niccolò=niccolo Giulia Zoë=zoe Matteo Chiara"),
        _lines("D'Angelo=dangelo; Esposito; Lo Presti=lopresti; Nicolò=nicolo; Ferrari"),
        _lines("Torino/10121/Via Roma 15; Forlì/47121/Corso Diaz 8; Bari/70121/Via Sparano 60"),
        _lines("+39 3## #######; 011 ### ####"),
        ("S.r.l.", "S.p.A."),
    ),
    Country(
        "PL",
        "Poland",
        "pl",
        _words("Łukasz=lukasz Małgorzata=malgorzata Żaneta=zaneta Wojciech Święta=swieta"),
        _words("Wiśniewska=wisniewska Dąbrowski=dabrowski Łoś=los Gąsior=gasior Szczęsny=szczesny"),
        _lines("Łódź/90-001/ul. Piotrkowska 5; Gdańsk/80-831/ul. Długa 9; Kraków/31-042/Rynek 3"),
        _lines("+48 ### ### ###; 22 ### ## ##"),
        ("Sp. z o.o.", "S.A."),
    ),
    Country(
        "SE",
        "Sweden",
        "sv",
        _words("Åsa=asa Björn=bjorn Örjan=orjan Märta=marta"),
        _words("Ångström=angstrom Lindqvist Öberg=oberg Sjöström=sjostrom"),
        _lines("Göteborg/411 06/Östra Hamngatan 2; Malmö/211 20/Stortorget 9"),
        _lines("+46 7# ### ## ##; 031-### ## ##"),
        ("AB",),
    ),
    Country(
        "GR",
        "Greece",
        "el",
        _words("Γιώργος=giorgos Ελένη=eleni Νίκος=nikos Αικατερίνη=aikaterini"),
        _words("Παπαδόπουλος=papadopoulos Οικονόμου=oikonomou Βασιλείου=vasileiou"),
        _lines("Αθήνα/105 57/Σταδίου 10; Θεσσαλονίκη/546 24/Τσιμισκή 44"),
        _lines("+30 21# ### ####; 69## ######"),
        ("Α.Ε.", "Ε.Π.Ε."),
    ),
    Country(
        "BG",
        "Bulgaria",
        "bg",
        _words("Георги=georgi Десислава=desislava Йордан=yordan Цветелина=tsvetelina"),
        _words("Димитров=dimitrov Щерева=shtereva Жеков=zhekov Янакиева=yanakieva"),
        _lines("София/1000/бул. Витоша 18; Пловдив/4000/ул. Главна 3"),
        _lines("+359 88 ### ####; 02 ### ####"),
        ("ООД", "АД"),
    ),
    Country(
        "UA",
        "Ukraine",
        "uk",
        _words("Олександр=oleksandr Ївга=yivha Софія=sofiia Ґеник=genyk"),
        _words("Шевченко=shevchenko Ющенко=yushchenko Єрмоленко=yermolenko"),
        _lines("Київ/01001/вул. Хрещатик 22; Львів/79000/пл. Ринок 1"),
        _lines("+380 ## ### ## ##; (044) ###-##-##"),
        ("ТОВ",),
    ),
    Country(
        "CN",
        "China",
        "zh",
        _words("伟=wei 秀英=xiuying 建国=jianguo 晓明=xiaoming"),
        _words("王=wang 李=li 欧阳=ouyang 张=zhang"),
        _lines("上海/200001/南京东路 100号; 深圳/518000/深南大道 2008号"),
        _lines("+86 138 #### ####; 021-########"),
        ("有限公司",),
    ),
    Country(
        "JP",
        "Japan",
        "ja",
        _words("さくら=sakura 健太=kenta 美咲=misaki ケンジ=kenji"),
        _words("佐藤=sato 髙橋=takahashi 渡邊=watanabe 小笠原=ogasawara"),
        _lines("東京都/100-0005/丸の内 1-9-1; 大阪市/530-0001/梅田 3-1-3"),
        _lines("+81 3-####-####; 090-####-####"),
        ("株式会社",),
    ),
    Country(
        "EG",
        "Egypt",
        "ar",
        _words("محمد=mohamed فاطمة=fatma يوسف=youssef نور=nour"),
        _words("السيد=elsayed عبدالرحمن=abdelrahman حسن=hassan"),
        _lines("القاهرة/11511/شارع طلعت حرب 5; الإسكندرية/21500/شارع فؤاد 12"),
        _lines("+20 10 #### ####; 02 #### ####"),
        ("ش.م.م",),
    ),
    Country(
        "VN",
        "Vietnam",
        "vi",
        _words("Thị=thi Đức=duc Ngọc=ngoc Hữu=huu Ánh=anh"),
        _words("Nguyễn=nguyen Trần=tran Đặng=dang Phạm=pham Huỳnh=huynh"),
        _lines("Hà Nội/100000/12 phố Hàng Bài; Đà Nẵng/550000/36 đường Bạch Đằng"),
        _lines("+84 9# ### ## ##; 0236 ### ####"),
        ("TNHH", "CP"),
    ),
)

#: Industry of HubSpot's list -> words for company names and their Latin spelling.
TRADES = {
    "LOGISTICS_AND_SUPPLY_CHAIN": _words("Nordwind Cargoline Hafenkette Ponto"),
    "MACHINERY": _words("Feinwerk Torsion Kuboid Alpenstahl"),
    "COMPUTER_SOFTWARE": _words("Bitgarten Loomwise Quantaleaf Sedimenta"),
    "FOOD_PRODUCTION": _words("Oliveira Brotzeit Saltmarsh Kornhaus"),
    "RENEWABLES_ENVIRONMENT": _words("Solhaven Windrose Grünkraft Tidewell"),
    "HOSPITALITY": _words("Belvedere Meltemi Sternhof Casabranca"),
    "PHARMACEUTICALS": _words("Remedia Calyxis Novaderm Apotera"),
    "CONSTRUCTION": _words("Steinbrück Pontifex Arcata Baumwerk"),
    "RETAIL": _words("Marktplatz Corsino Tailorbird Ladenzeile"),
    "TEXTILES": _words("Webstuhl Cotonora Lanafil Seidenweg"),
    "WINE_AND_SPIRITS": _words("Vinaria Rebenhof Domaine Aguardente"),
    "TELECOMMUNICATIONS": _words("Fernklang Voxnet Telemara Signalis"),
}

TITLES = _lines(
    "Managing Director; Purchasing Manager; Head of Sales; Accountant; IT Administrator; CEO;"
    "Warehouse Manager; Marketing Manager; Consultant; Office Manager; Leiter Einkauf;"
    "Directrice financière; Gerente de Compras; 営業部長; Κύριος Λογιστής; Assistant to the Board"
)
PROJECTS = _lines(
    "ERP rollout; Annual supply contract; Spare parts 2027; Pilot phase; Renewal; Training package;"
    "Warehouse extension; Consulting days; Fleet upgrade; Branch opening; Packaging line"
)
LONG_NAMES = (
    ("Hubert Blaine", "Wolfeschlegelsteinhausenbergerdorff", "hubert.wolfe"),
    ("María de los Dolores del Carmen", "Fernández-Cavada y Ruiz de la Prada", "maria.cavada"),
    ("Phra Nakhon", "Krungthepmahanakhonamonrattanakosinmahintharayutthaya", "phra.nakhon"),
)
