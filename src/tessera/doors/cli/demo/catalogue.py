"""What the Bottega sells: one row per article, prices in euro cents."""

from __future__ import annotations

from typing import Literal, NamedTuple

from tessera.warehouse.core import Kind, Unit

Shelf = Literal["bar", "lunch", "larder"]


class Product(NamedTuple):
    """An article. `price_minor` is for one piece, or for 1,000 g of what is weighed.

    liking   how often it is taken, relative to the others on its shelf
    deposit  a bottle: one DEPOSIT line per piece goes with it
    """

    sku: str
    name: str
    category: str
    price_minor: int
    liking: int
    unit: Unit = "piece"
    kind: Kind = "goods"
    deposit: bool = False


# sku, name, price, liking; then g (weighed) or bottle (with deposit). `[category]` heads its rows.
_TABLE = """
[coffee]
ESPRESSO     | Espresso                     |  120 | 90
CAPPUCCINO   | Cappuccino                   |  160 | 80
MACCHIATO    | Caffè macchiato              |  130 | 40
LATTE        | Caffè latte                  |  180 | 25
DECAF        | Espresso decaffeinato        |  130 | 12
GINSENG      | Caffè al ginseng             |  150 | 10
ORZO         | Caffè d'orzo                 |  140 |  8
TEA          | Tè caldo                     |  180 | 12
CHOCOLATE    | Cioccolata calda             |  350 |  6
SPREMUTA     | Spremuta d'arancia           |  320 | 18
[pastry]
CORNETTO     | Cornetto                     |  140 | 95
CORNETTO-CR  | Cornetto alla crema          |  160 | 40
CORNETTO-INT | Cornetto integrale al miele  |  150 | 22
MARITOZZO    | Maritozzo con la panna       |  320 | 18
BOMBA        | Bomba alla crema             |  180 | 12
SFOGLIATELLA | Sfogliatella riccia          |  220 | 12
CIAMBELLA    | Ciambella fritta             |  150 | 12
CROSTATINA   | Crostatina alle visciole     |  250 |  8
CANNOLO      | Cannolo siciliano            |  300 |  9
TIRAMISU     | Tiramisù al bicchiere        |  450 |  7
[lunch]
PIZZA-ROSSA  | Pizza rossa al taglio        | 1290 | 30 | g
PIZZA-BIANCA | Pizza bianca al taglio       | 1190 | 32 | g
PIZZA-PATATE | Pizza con le patate          | 1690 | 22 | g
SUPPLI       | Supplì al telefono           |  200 | 34
PANINO-PORC  | Panino con porchetta         |  600 | 26
PANINO-CRUDO | Panino crudo e mozzarella    |  650 | 22
TRAMEZZINO   | Tramezzino tonno e carciofi  |  350 | 24
INSALATA     | Insalatona di stagione       |  780 | 14
LASAGNA      | Lasagna al forno             |  890 | 10
AMATRICIANA  | Rigatoni all'amatriciana     |  950 | 12
CACIOPEPE    | Tonnarelli cacio e pepe      |  950 | 13
MINESTRONE   | Minestrone del giorno        |  650 |  7
POLPETTE     | Polpette al sugo             |  850 |  8
MACEDONIA    | Macedonia di frutta          |  380 |  9
[drinks]
ACQUA-50     | Acqua naturale 50 cl         |  100 | 55
ACQUA-FRIZ   | Acqua frizzante 50 cl        |  100 | 35
ACQUA-VETRO  | Acqua in vetro 1 l           |  150 | 22 | bottle
CHINOTTO     | Chinotto 27,5 cl             |  250 | 12 | bottle
ARANCIATA    | Aranciata amara 27,5 cl      |  250 | 12 | bottle
TE-FREDDO    | Tè freddo al limone          |  220 | 14
SUCCO-MELA   | Succo di mela 20 cl          |  180 | 10
CRODINO      | Aperitivo analcolico         |  280 |  8
[bread]
PANE-CASER   | Pane casereccio              |  420 | 60 | g
PANE-LARIANO | Pane di Lariano              |  480 | 32 | g
PANE-INTEG   | Pane integrale               |  520 | 24 | g
ROSETTA      | Rosetta                      |   45 | 45
CIABATTA     | Ciabatta                     |  130 | 30
FILONE-SEMI  | Filone ai semi               |  290 | 14
PANCARRE     | Pancarré                     |  220 | 12
GRISSINI     | Grissini torinesi            |  260 | 12
TARALLI      | Taralli al finocchio         |  240 | 14
FRISELLE     | Friselle di grano duro       |  310 |  6
[fruit]
MELE         | Mele Annurca                 |  298 | 26 | g
PERE         | Pere Abate                   |  320 | 14 | g
BANANE       | Banane                       |  189 | 36 | g
ARANCE       | Arance Tarocco               |  249 | 24 | g
LIMONI       | Limoni di Sorrento           |  350 | 20 | g
POMODORI     | Pomodori ciliegini           |  399 | 36 | g
ZUCCHINE     | Zucchine romanesche          |  350 | 20 | g
MELANZANE    | Melanzane                    |  280 | 12 | g
PATATE       | Patate di Avezzano           |  179 | 22 | g
CIPOLLE      | Cipolle dorate               |  159 | 16 | g
CARCIOFI     | Carciofo romanesco           |  120 | 14
LATTUGA      | Lattuga                      |  140 | 20
BASILICO     | Basilico in vaso             |  230 | 10
FRAGOLE      | Fragole 250 g                |  350 | 10
[dairy]
LATTE-FRESCO | Latte fresco intero 1 l      |  189 | 60
LATTE-SCREM  | Latte parz. scremato 1 l     |  179 | 36
YOGURT       | Yogurt bianco 125 g          |   95 | 36
YOGURT-FRUT  | Yogurt alla frutta 2 x 125 g |  190 | 24
MOZZARELLA   | Mozzarella di bufala 250 g   |  450 | 32
RICOTTA      | Ricotta romana               |  890 | 16 | g
PECORINO     | Pecorino romano DOP          | 2290 | 20 | g
PARMIGIANO   | Parmigiano Reggiano 24 mesi  | 2490 | 26 | g
BURRO        | Burro 250 g                  |  329 | 18
UOVA         | Uova 6 pezzi                 |  279 | 36
[deli]
PROSC-CRUDO  | Prosciutto di Parma          | 3490 | 24 | g
PROSC-COTTO  | Prosciutto cotto             | 2290 | 26 | g
MORTADELLA   | Mortadella Bologna IGP       | 1690 | 22 | g
SALAME       | Salame Felino                | 2690 | 12 | g
GUANCIALE    | Guanciale di Amatrice        | 2190 | 14 | g
PORCHETTA    | Porchetta di Ariccia         | 2490 | 12 | g
OLIVE        | Olive di Gaeta               | 1490 | 10 | g
ALICI        | Alici marinate 200 g         |  590 |  7
[larder]
SPAGHETTI    | Spaghetti 500 g              |  149 | 34
RIGATONI     | Rigatoni 500 g               |  149 | 32
TONNARELLI   | Tonnarelli freschi 250 g     |  290 | 14
RISO         | Riso Carnaroli 1 kg          |  420 | 16
PASSATA      | Passata di pomodoro 700 g    |  169 | 34
PELATI       | Pomodori pelati 400 g        |  119 | 28
OLIO-EVO     | Olio extravergine 75 cl      | 1190 | 22
ACETO        | Aceto di vino 50 cl          |  189 |  8
FARINA       | Farina 00 1 kg               |  119 | 16
ZUCCHERO     | Zucchero 1 kg                |  139 | 14
SALE         | Sale marino grosso 1 kg      |   69 |  8
TONNO        | Tonno all'olio 3 x 80 g      |  549 | 24
CECI         | Ceci lessati 400 g           |   99 | 16
LENTICCHIE   | Lenticchie di Onano 500 g    |  490 |  9
MIELE        | Miele millefiori 500 g       |  750 |  9
MARMELLATA   | Marmellata di visciole       |  420 | 12
CAFFE-250    | Caffè macinato 250 g         |  490 | 30
CAFFE-CHICCHI| Caffè in grani 1 kg          | 1790 | 12
BISCOTTI     | Biscotti secchi 400 g        |  259 | 24
FETTE-BISC   | Fette biscottate             |  199 | 14
[cellar]
FRASCATI     | Frascati superiore 75 cl     |  790 | 14 | bottle
CESANESE     | Cesanese del Piglio 75 cl    | 1190 | 12 | bottle
CHIANTI      | Chianti classico 75 cl       | 1390 |  8 | bottle
PROSECCO     | Prosecco 75 cl               |  990 | 14 | bottle
BIRRA        | Birra artigianale 33 cl      |  350 | 20 | bottle
BIRRA-ROSSA  | Birra rossa 50 cl            |  450 |  8 | bottle
LIMONCELLO   | Limoncello 50 cl             | 1490 |  5
[sweets]
PANETTONE    | Panettone artigianale 1 kg   | 2890 |  5
CROSTATA     | Crostata intera              | 1690 |  6
TORRONE      | Torrone alle nocciole        |  690 |  6
GIANDUIOTTI  | Gianduiotti 200 g            |  890 |  9
TOZZETTI     | Tozzetti alle mandorle       |  590 | 10
CIOCCOLATO   | Cioccolato fondente 100 g    |  290 | 20
CARAMELLE    | Caramelle all'anice          |  250 |  7
"""

_SHELVES: dict[str, Shelf] = {
    "coffee": "bar", "pastry": "bar", "lunch": "lunch", "drinks": "lunch", "bread": "larder",
    "fruit": "larder", "dairy": "larder", "deli": "larder", "larder": "larder",
    "cellar": "larder", "sweets": "larder",
}  # fmt: skip
TRAVELS = ("larder", "cellar", "sweets")  # what the online shop sends

DEPOSIT = Product("DEPOSIT", "Vuoto a rendere", "deposit", 25, 0, kind="deposit")
GIFT_CARD = Product("GIFT-25", "Carta regalo 25 euro", "gift", 2500, 0, kind="gift_card")
DELIVERY = Product("DELIVERY", "Consegna a domicilio", "delivery", 490, 0, kind="delivery")


def products() -> list[Product]:
    """Every article of the table, in its order; deposit, gift card and delivery last."""
    found, category = [], ""
    for row in _TABLE.strip().splitlines():
        if row.startswith("["):
            category = row.strip("[]")
            continue
        sku, name, price, liking, *rest = (part.strip() for part in row.split("|"))
        unit: Unit = "g" if "g" in rest else "piece"
        found.append(
            Product(sku, name, category, int(price), int(liking), unit, deposit="bottle" in rest)
        )
    return [*found, DEPOSIT, GIFT_CARD, DELIVERY]


def shelf(product: Product) -> Shelf | None:
    """Where it stands; None for what goes with something else (deposit, delivery, gift card)."""
    return _SHELVES.get(product.category)
