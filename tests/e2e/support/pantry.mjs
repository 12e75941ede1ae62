/** What a harbour kitchen really keeps: category | zone | unit | cost | names. */
const SHELVES = `
Fish|cooler|kg|14.90|Salmon fillet, Sea bass, Cod loin, Mackerel, Squid tubes, Mussels, Smoked trout, Anchovies in oil
Meat|cooler|kg|9.80|Chicken thighs, Beef brisket, Pork neck, Lamb shoulder, Veal shank, Pancetta, Merguez
Dairy|cooler|kg|6.40|Butter unsalted, Ricotta, Mascarpone, Grana Padano, Feta, Crème fraîche, Mozzarella
Vegetables|cooler|kg|2.10|Carrots, Celeriac, Fennel, Leeks, Aubergines, Courgettes, Spinach, Beetroot, Radicchio
Fruit|cooler|kg|2.60|Apples Braeburn, Lemons, Oranges Navel, Pears Conference, Grapes white, Figs
Dry goods|dry|kg|1.35|Wheat flour 00, Semolina, Risotto rice Carnaroli, Red lentils, Chickpeas, Almonds sliced, Sugar, Sea salt coarse
Spices|dry|g|0.04|Black pepper, Smoked paprika, Saffron threads, Fennel seed, Star anise, Juniper berries
Oils and vinegar|dry|l|7.20|Olive oil extra virgin, Rapeseed oil, Sherry vinegar, Balsamic vinegar
Frozen|freezer|kg|3.90|Peas, Puff pastry sheets, Prawns peeled, Raspberries, Vanilla ice cream, Spinach cubes
Drinks|dry|ea|0.95|Mineral water 0.75, Tonic water, Apple juice, Alcohol-free beer, Espresso beans bag
Cleaning|dry|ea|4.30|Dish soap 5 l, Descaler, Blue roll, Bin bags 120 l, Gloves nitrile box
`
  .trim()
  .split("\n")
  .map((line) => line.split("|"));
const GRADES = ["", ", organic", ", family pack", ", second choice", ", from the island"];
const HEAD = "item_number,name,unit,category,min_qty,max_qty,unit_cost,barcodes,temp_zone";

/** Items by the count asked for; the plain names come first, then their grades. */
export function items(count) {
  const plain = SHELVES.flatMap(([category, zone, unit, cost, names]) =>
    names.split(", ").map((name) => ({ category, zone, unit, cost: Number(cost), name })),
  );
  return Array.from({ length: count }, (_, index) => {
    const base = plain[index % plain.length];
    const round = Math.floor(index / plain.length);
    const grade = GRADES[round % GRADES.length];
    const lot = round >= GRADES.length ? ` ${Math.floor(round / GRADES.length) + 1}` : "";
    return {
      ...base,
      number: `${base.category.slice(0, 3).toUpperCase()}-${String(index + 1).padStart(5, "0")}`,
      name: `${base.name}${grade}${lot}`,
      cost: (base.cost * (1 + (index % 7) / 10)).toFixed(2),
      min: 2 + (index % 5),
      max: 40 + (index % 5) * 10,
    };
  });
}

export function itemsCsv(list) {
  const rows = list.map((one) =>
    [
      one.number,
      `"${one.name}"`,
      one.unit,
      one.category,
      one.min,
      one.max,
      one.cost,
      "",
      one.zone,
    ].join(","),
  );
  return `${HEAD}\n${rows.join("\n")}\n`;
}

export const LOCATIONS_CSV = `code,name,temp_zone,parent_code
main,Main kitchen,,
cooler-1,Walk-in cooler,cooler,main
freezer-1,Chest freezer,freezer,main
dry-1,Dry store,dry,main
bar,Harbour bar,,
`;

const STORES = { cooler: "cooler-1", freezer: "freezer-1", dry: "dry-1" };

/** What is on the shelves at the start; every ninth item is below its minimum. */
export function openingStockCsv(list) {
  const rows = list.map((one, index) => {
    const qty = index % 9 === 4 ? "1" : `${4 + ((index * 7) % 31)}${index % 3 === 1 ? ".5" : ""}`;
    return `${one.number},${STORES[one.zone]},${qty},${one.cost}`;
  });
  return `item_number,location_code,qty,unit_cost\n${rows.join("\n")}\n`;
}
