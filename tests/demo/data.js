/** The files of `vega-datasets`, and their rows as records. What is untidy in them is put in order here, and only here. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const files = new URL('node_modules/vega-datasets/data/', import.meta.url);
const text = (name) => readFileSync(fileURLToPath(new URL(name, files)), 'utf8');
const json = (name) => JSON.parse(text(name));

/** Rows of a CSV file without quoted commas, which these files do not have. */
function csv(name) {
  const [head, ...lines] = text(name).trim().split(/\r?\n/);
  const names = head.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, n) => [names[n], cell])));
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Jun 12 1998` as an instant. Years after 2029 are of the last century: the file has `2046` for 1946. */
export function releaseDate(value) {
  const [month, day, year] = String(value ?? '').split(' ');
  if (!MONTHS.includes(month)) return null;
  const date = new Date(Date.UTC(Number(year) > 2029 ? Number(year) - 100 : Number(year), MONTHS.indexOf(month), Number(day)));
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

const words = (value) => (value === null || value === undefined || value === '' ? null : String(value));
const amount = (value) => (typeof value === 'number' ? value : null);

/** 3,201 movies; titles that are numbers in the file become text, and words that are no dates become null. */
export const movies = json('movies.json').map((row) => ({
  title: words(row.Title),
  usGross: amount(row['US Gross']),
  worldwideGross: amount(row['Worldwide Gross']),
  budget: amount(row['Production Budget']),
  releasedAt: releaseDate(row['Release Date']),
  rating: words(row['MPAA Rating']),
  minutes: amount(row['Running Time min']),
  distributor: words(row.Distributor),
  genre: words(row['Major Genre']),
  director: words(row.Director),
  tomatoes: amount(row['Rotten Tomatoes Rating']),
  imdb: amount(row['IMDB Rating']),
  votes: amount(row['IMDB Votes']),
}));

/** 406 cars; `Name` comes with the maker in front. */
export const cars = json('cars.json').map((row) => ({
  name: row.Name,
  mpg: amount(row.Miles_per_Gallon),
  cylinders: row.Cylinders,
  displacement: row.Displacement,
  horsepower: amount(row.Horsepower),
  weight: row.Weight_in_lbs,
  acceleration: row.Acceleration,
  madeAt: `${row.Year}T00:00:00.000Z`,
  origin: row.Origin,
}));

/** Countries and their figures every five years. */
export const gapminder = json('gapminder.json').map((row) => ({
  country: row.country,
  year: row.year,
  cluster: row.cluster,
  population: row.pop,
  lifeExpectancy: row.life_expect,
  fertility: row.fertility,
}));

/** Employment in the United States by month, in thousands; the industries stay together as a document. */
export const employment = csv('us-employment.csv').map(({ month, nonfarm, private: inPrivate, nonfarm_change, ...industries }) => ({
  month: `${new Date(month).toISOString().slice(0, 10)}T00:00:00.000Z`,
  nonfarm: Number(nonfarm),
  privately: Number(inPrivate),
  change: Number(nonfarm_change),
  industries: Object.fromEntries(Object.entries(industries).map(([name, value]) => [name, Number(value)])),
}));

/** 5,000 flights; times are local without a zone and are kept as if they were UTC. */
export const flights = json('flights-5k.json').map((row) => ({
  at: `${row.date.replaceAll('/', '-').replace(' ', 'T')}:00.000Z`,
  delay: row.delay,
  distance: row.distance,
  origin: row.origin,
  destination: row.destination,
}));
