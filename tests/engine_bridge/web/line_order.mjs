// Plays messages of lines through LineOrder and prints as JSON in which order they were acted on.
import { LineOrder } from "../../../engine_bridge/web/lines.js";

let isOver = false;
const acts = [], order = new LineOrder(() => isOver);
const take = (line, text) => order.take(line, () => { if (text === "begin") order.current = line; acts.push(`${line} ${text}`); });

isOver = true; // nothing is played yet
take(1, "begin");
isOver = false;
take(1, "frame");
take(2, "begin");
take(2, "frame");
take(3, "begin");
const isTooLate = !take(0, "frame");
take(1, "last frame");
take(undefined, "plain");
isOver = true;
order.followUp();
take(4, "begin");
order.drop(4);
console.log(JSON.stringify({ acts, isTooLate, nWaiting: order.waiting.length }));
