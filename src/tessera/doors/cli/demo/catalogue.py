"""What the Bottega sells: one row per article, prices in euro cents."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from tessera.doors.cli.demo.seasons import ALWAYS, SEASONS, Season
from tessera.warehouse.core import Kind, Unit

Shelf = Literal["bar", "lunch", "gelato", "larder"]


@dataclass(frozen=True, slots=True, eq=False)  # each is itself: looked up by identity, quickly
class Product:
    """An article. `price_minor` is for one piece, or for 1,000 g of what is weighed.

    liking   how often it is taken, relative to the others on its shelf, in an average month
    deposit  a bottle: one DEPOSIT line per piece goes with it
    season   how it is liked by month, in percent
    """

    sku: str
    name: str
    category: str
    price_minor: int
    liking: int
    unit: Unit = "piece"
    kind: Kind = "goods"
    deposit: bool = False
    season: Season = ALWAYS


# sku, name, price, liking; then g (weighed), bottle (with deposit), a season. `[category]` heads
# its rows.
_TABLE = """
[coffee]
ESPRESSO     | Espresso                     |  120 | 90
CAPPUCCINO   | Cappuccino                   |  160 | 80
MACCHIATO    | Caffè macchiato              |  130 | 40
LATTE        | Caffè latte                  |  180 | 25
DECAF        | Espresso decaffeinato        |  130 | 12
GINSENG      | Caffè al ginseng             |  150 | 10
ORZO         | Caffè d'orzo                 |  140 |  8
TEA          | Tè caldo                     |  180 | 12 | winter
CHOCOLATE    | Cioccolata calda             |  350 |  6 | winter
SPREMUTA     | Spremuta d'arancia           |  320 | 18 | winter
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
FRAPPE       | Frappe di carnevale          |  200 | 10 | carnival
ZEPPOLA      | Zeppola di San Giuseppe      |  280 |  8 | spring
BISCOTTO-BAR | Biscotto al burro            |  120 | 10
[lunch]
PIZZA-ROSSA  | Pizza rossa al taglio        | 1290 | 30 | g
PIZZA-BIANCA | Pizza bianca al taglio       | 1190 | 32 | g
PIZZA-PATATE | Pizza con le patate          | 1690 | 22 | g
SUPPLI       | Supplì al telefono           |  200 | 34
PANINO-PORC  | Panino con porchetta         |  600 | 26
PANINO-CRUDO | Panino crudo e mozzarella    |  650 | 22
TRAMEZZINO   | Tramezzino tonno e carciofi  |  350 | 24
INSALATA     | Insalatona di stagione       |  780 | 14 | summer
LASAGNA      | Lasagna al forno             |  890 | 10
AMATRICIANA  | Rigatoni all'amatriciana     |  950 | 12
CACIOPEPE    | Tonnarelli cacio e pepe      |  950 | 13
MINESTRONE   | Minestrone del giorno        |  650 |  7 | winter
POLPETTE     | Polpette al sugo             |  850 |  8 | winter
MACEDONIA    | Macedonia di frutta          |  380 |  9 | summer
PARMIGIANA   | Parmigiana di melanzane      |  850 | 10 | summer
FARRO        | Insalata di farro            |  690 | 10 | summer
POLLO        | Pollo arrosto con patate     |  980 | 12
[drinks]
ACQUA-50     | Acqua naturale 50 cl         |  100 | 55 | summer
ACQUA-FRIZ   | Acqua frizzante 50 cl        |  100 | 35
ACQUA-VETRO  | Acqua in vetro 1 l           |  150 | 22 | bottle
CHINOTTO     | Chinotto 27,5 cl             |  250 | 12 | bottle summer
ARANCIATA    | Aranciata amara 27,5 cl      |  250 | 12 | bottle summer
TE-FREDDO    | Tè freddo al limone          |  220 | 14 | summer
SUCCO-MELA   | Succo di mela 20 cl          |  180 | 10
CRODINO      | Aperitivo analcolico         |  280 |  8 | summer
COLA         | Cola 33 cl                   |  250 | 20
LIMONATA     | Limonata 27,5 cl             |  250 | 12 | bottle summer
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
FRISELLE     | Friselle di grano duro       |  310 |  6 | summer
PIZZA-FORNO  | Pizza bianca del forno       |  990 | 20 | g
PANE-NOCI    | Pane alle noci               |  690 |  9 | g autumn
CRACKERS     | Cracker salati 500 g         |  199 | 20
[fruit]
MELE         | Mele Annurca                 |  298 | 26 | g autumn
PERE         | Pere Abate                   |  320 | 14 | g autumn
BANANE       | Banane                       |  189 | 36 | g
ARANCE       | Arance Tarocco               |  249 | 24 | g winter
LIMONI       | Limoni di Sorrento           |  350 | 20 | g
POMODORI     | Pomodori ciliegini           |  399 | 36 | g summer
ZUCCHINE     | Zucchine romanesche          |  350 | 20 | g summer
MELANZANE    | Melanzane                    |  280 | 12 | g summer
PATATE       | Patate di Avezzano           |  179 | 22 | g
CIPOLLE      | Cipolle dorate               |  159 | 16 | g
CARCIOFI     | Carciofo romanesco           |  120 | 14 | spring
LATTUGA      | Lattuga                      |  140 | 20
BASILICO     | Basilico in vaso             |  230 | 10 | summer
FRAGOLE      | Fragole 250 g                |  350 | 10 | spring
UVA          | Uva Italia                   |  329 | 20 | g autumn
PESCHE       | Pesche nettarine             |  299 | 22 | g summer
ALBICOCCHE   | Albicocche                   |  349 | 14 | g summer
ANGURIA      | Anguria                      |   99 | 14 | g summer
MELONE       | Melone                       |  199 | 14 | g summer
CILIEGIE     | Ciliegie                     |  690 | 12 | g spring
CLEMENTINE   | Clementine                   |  229 | 26 | g winter
KIWI         | Kiwi di Latina               |  299 | 14 | g winter
FINOCCHI     | Finocchi                     |  219 | 14 | g winter
BROCCOLI     | Broccolo romanesco           |  279 | 12 | g winter
CICORIA      | Cicoria                      |  249 | 10 | g winter
PUNTARELLE   | Puntarelle                   |  590 |  8 | g winter
PEPERONI     | Peperoni                     |  299 | 16 | g summer
ZUCCA        | Zucca mantovana              |  199 | 10 | g autumn
FUNGHI       | Funghi champignon 400 g      |  249 | 12 | autumn
CAROTE       | Carote 1 kg                  |  129 | 26
AGLIO        | Aglio 3 teste                |  149 | 14
RUCOLA       | Rucola 125 g                 |  159 | 14
INSALATA-MIX | Insalata in busta 200 g      |  179 | 26
AVOCADO      | Avocado                      |  149 | 12
[dairy]
LATTE-FRESCO | Latte fresco intero 1 l      |  189 | 60
LATTE-SCREM  | Latte parz. scremato 1 l     |  179 | 36
YOGURT       | Yogurt bianco 125 g          |   95 | 36
YOGURT-FRUT  | Yogurt alla frutta 2 x 125 g |  190 | 24
MOZZARELLA   | Mozzarella di bufala 250 g   |  450 | 32 | summer
RICOTTA      | Ricotta romana               |  890 | 16 | g
PECORINO     | Pecorino romano DOP          | 2290 | 20 | g
PARMIGIANO   | Parmigiano Reggiano 24 mesi  | 2490 | 26 | g
BURRO        | Burro 250 g                  |  329 | 18
UOVA         | Uova 6 pezzi                 |  279 | 36
LATTE-UHT    | Latte a lunga conservazione  |  129 | 30
LATTE-AVENA  | Bevanda di avena 1 l         |  229 | 12
YOGURT-GRECO | Yogurt greco 170 g           |  149 | 24
PANNA        | Panna da cucina 200 ml       |  129 | 14
STRACCHINO   | Stracchino 200 g             |  329 | 16
PROVOLA      | Provola affumicata           | 1590 |  8 | g
GORGONZOLA   | Gorgonzola dolce             | 1690 |  8 | g
MASCARPONE   | Mascarpone 250 g             |  319 |  8 | feast
KEFIR        | Kefir 500 g                  |  249 |  7
[deli]
PROSC-CRUDO  | Prosciutto di Parma          | 3490 | 24 | g
PROSC-COTTO  | Prosciutto cotto             | 2290 | 26 | g
MORTADELLA   | Mortadella Bologna IGP       | 1690 | 22 | g
SALAME       | Salame Felino                | 2690 | 12 | g
GUANCIALE    | Guanciale di Amatrice        | 2190 | 14 | g
PORCHETTA    | Porchetta di Ariccia         | 2490 | 12 | g
OLIVE        | Olive di Gaeta               | 1490 | 10 | g
ALICI        | Alici marinate 200 g         |  590 |  7
BRESAOLA     | Bresaola della Valtellina    | 3290 | 12 | g
SPECK        | Speck Alto Adige             | 2590 | 10 | g
TACCHINO     | Petto di tacchino            | 1990 | 14 | g
COTECHINO    | Cotechino 500 g              |  690 |  6 | christmas
SALMONE      | Salmone affumicato 100 g     |  549 | 10 | feast
HUMMUS       | Hummus di ceci 200 g         |  269 |  8
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
LENTICCHIE   | Lenticchie di Onano 500 g    |  490 |  9 | feast
MIELE        | Miele millefiori 500 g       |  750 |  9
MARMELLATA   | Marmellata di visciole       |  420 | 12
CAFFE-250    | Caffè macinato 250 g         |  490 | 30
CAFFE-CHICCHI| Caffè in grani 1 kg          | 1790 | 12
BISCOTTI     | Biscotti secchi 400 g        |  259 | 24
FETTE-BISC   | Fette biscottate             |  199 | 14
PENNE        | Penne rigate 500 g           |  149 | 28
FUSILLI      | Fusilli 500 g                |  149 | 22
GNOCCHI      | Gnocchi di patate 500 g      |  229 | 14
FARRO-500    | Farro perlato 500 g          |  289 |  7
COUSCOUS     | Couscous 500 g               |  199 |  7
FAGIOLI      | Fagioli borlotti 400 g       |   99 | 18
PISELLI      | Piselli 3 x 140 g            |  239 | 12
MAIS         | Mais 3 x 160 g               |  219 | 14
PESTO        | Pesto alla genovese 190 g    |  349 | 16
SUGO-POM     | Sugo al basilico 400 g       |  269 | 14
OLIO-SEMI    | Olio di girasole 1 l         |  249 | 12
ACETO-BALS   | Aceto balsamico 50 cl        |  349 |  7
MAIONESE     | Maionese 225 ml              |  229 | 10 | summer
CAPPERI      | Capperi di Pantelleria 100 g |  390 |  5
ORIGANO      | Origano 15 g                 |  149 |  6
PEPE         | Pepe nero in grani 50 g      |  249 |  6
LIEVITO      | Lievito 2 x 25 g             |   79 | 10
CEREALI      | Cereali 375 g                |  329 | 16
TE-BUSTE     | Tè in 25 filtri              |  249 | 10 | winter
CAMOMILLA    | Camomilla in 20 filtri       |  199 |  8 | winter
CREMA-NOCC   | Crema di nocciole 400 g      |  449 | 16
CAPSULE      | Caffè in 30 capsule          |  890 | 18
ACQUA-6      | Acqua naturale 6 x 1,5 l     |  249 | 40
ACQUA-6-FRIZ | Acqua frizzante 6 x 1,5 l    |  269 | 18
[cellar]
FRASCATI     | Frascati superiore 75 cl     |  790 | 14 | bottle
CESANESE     | Cesanese del Piglio 75 cl    | 1190 | 12 | bottle
CHIANTI      | Chianti classico 75 cl       | 1390 |  8 | bottle
PROSECCO     | Prosecco 75 cl               |  990 | 14 | bottle feast
BIRRA        | Birra artigianale 33 cl      |  350 | 20 | bottle summer
BIRRA-ROSSA  | Birra rossa 50 cl            |  450 |  8 | bottle
LIMONCELLO   | Limoncello 50 cl             | 1490 |  5
VERDICCHIO   | Verdicchio 75 cl             |  890 |  8 | bottle
AMARO        | Amaro alle erbe 70 cl        | 1690 |  5
SPUMANTE     | Spumante metodo classico     | 1990 |  5 | bottle feast
[sweets]
PANETTONE    | Panettone artigianale 1 kg   | 2890 |  5 | christmas
CROSTATA     | Crostata intera              | 1690 |  6
TORRONE      | Torrone alle nocciole        |  690 |  6 | christmas
GIANDUIOTTI  | Gianduiotti 200 g            |  890 |  9 | feast
TOZZETTI     | Tozzetti alle mandorle       |  590 | 10
CIOCCOLATO   | Cioccolato fondente 100 g    |  290 | 20 | winter
CARAMELLE    | Caramelle all'anice          |  250 |  7
COLOMBA      | Colomba artigianale 1 kg     | 2690 |  6 | easter
UOVO-PASQUA  | Uovo di cioccolato           | 1290 |  8 | easter
PANDORO      | Pandoro 1 kg                 | 1490 |  6 | christmas
CANDITI      | Scorze candite 150 g         |  590 |  4 | christmas
MERENDINE    | Merendine 6 x 45 g           |  279 | 22
CANTUCCI     | Cantucci 300 g               |  449 |  8
CARAMELLE-LI | Liquirizia 100 g             |  290 |  5
[gelato]
CONO         | Cono due gusti               |  300 | 40 | ice
CONO-GRANDE  | Cono tre gusti               |  380 | 22 | ice
COPPETTA     | Coppetta due gusti           |  300 | 24 | ice
GRANITA      | Granita al limone            |  280 | 16 | ice
GRATTACHECCA | Grattachecca                 |  350 | 10 | ice
AFFOGATO     | Affogato al caffè            |  420 |  8 | ice
VASCHETTA    | Vaschetta di gelato 500 g    | 1100 |  8 | ice
[frozen]
PISELLI-SURG | Piselli surgelati 450 g      |  249 | 16
SPINACI-SURG | Spinaci surgelati 450 g      |  239 | 14
MINEST-SURG  | Minestrone surgelato 750 g   |  279 | 12 | winter
BASTONCINI   | Bastoncini di pesce 300 g    |  429 | 14
PIZZA-SURG   | Pizza surgelata              |  349 | 14
PATATE-SURG  | Patate da friggere 750 g     |  249 | 12
GHIACCIOLI   | Ghiaccioli 10 pezzi          |  299 | 12 | ice
GELATO-SURG  | Coni gelato 6 pezzi          |  429 | 14 | ice
[home]
CARTA-IGIEN  | Carta igienica 8 rotoli      |  449 | 24
CARTA-CUCINA | Carta da cucina 3 rotoli     |  329 | 20
TOVAGLIOLI   | Tovaglioli 100 pezzi         |  199 | 10
DETERSIVO    | Detersivo bucato 1,5 l       |  690 | 16
AMMORBIDENTE | Ammorbidente 1 l             |  329 |  9
PIATTI       | Detersivo piatti 750 ml      |  199 | 16
SPUGNE       | Spugne 4 pezzi               |  199 | 10
SACCHI       | Sacchi per i rifiuti 20 p.   |  249 | 14
PELLICOLA    | Pellicola 30 m               |  229 |  7
CANDEGGINA   | Candeggina 2 l               |  189 |  8
SAPONE       | Sapone liquido 300 ml        |  229 | 14
SHAMPOO      | Shampoo 250 ml               |  349 | 12
BAGNO        | Bagnoschiuma 500 ml          |  299 | 12
DENTIFRICIO  | Dentifricio 75 ml            |  249 | 16
SOLARE       | Crema solare 200 ml          | 1290 |  6 | ice
ZANZARE      | Spirali per zanzare 10 p.    |  349 |  6 | ice
[baby]
PANNOLINI    | Pannolini 30 pezzi           |  990 | 10
SALVIETTE    | Salviette 72 pezzi           |  249 | 12
OMOGENEIZZATO| Omogeneizzato 2 x 80 g       |  229 | 12
PASTINA      | Pastina 340 g                |  199 |  8
BISCOTTI-BIMB| Biscotti granulati 400 g     |  349 |  6
LATTE-BIMBI  | Latte di crescita 1 l        |  390 |  7
"""

_SHELVES: dict[str, Shelf] = {
    "coffee": "bar", "pastry": "bar", "lunch": "lunch", "drinks": "lunch", "gelato": "gelato",
    "bread": "larder", "fruit": "larder", "dairy": "larder", "deli": "larder", "larder": "larder",
    "cellar": "larder", "sweets": "larder", "frozen": "larder", "home": "larder", "baby": "larder",
}  # fmt: skip
TRAVELS = ("larder", "cellar", "sweets", "home", "baby")  # what the online shop sends

DEPOSIT = Product("DEPOSIT", "Vuoto a rendere", "deposit", 25, 0, kind="deposit")
GIFT_CARD = Product("GIFT-25", "Carta regalo 25 euro", "gift", 2500, 0, kind="gift_card")
DELIVERY = Product("DELIVERY", "Consegna a domicilio", "delivery", 490, 0, kind="delivery")


@lru_cache
def products() -> tuple[Product, ...]:
    """Every article of the table, in its order; deposit, gift card and delivery last."""
    found, category = [], ""
    for row in _TABLE.strip().splitlines():
        if row.startswith("["):
            category = row.strip("[]")
            continue
        sku, name, price, liking, *rest = (part.strip() for part in row.split("|"))
        words = rest[0].split() if rest else []
        season = next((SEASONS[word] for word in words if word in SEASONS), ALWAYS)
        unit: Unit = "g" if "g" in words else "piece"
        bottle = "bottle" in words
        found.append(
            Product(
                sku, name, category, int(price), int(liking), unit, deposit=bottle, season=season
            )
        )
    return (*found, DEPOSIT, GIFT_CARD, DELIVERY)


def shelf(product: Product) -> Shelf | None:
    """Where it stands; None for what goes with something else (deposit, delivery, gift card)."""
    return _SHELVES.get(product.category)
