// What the box sends to, on loopback: a mail server of the smallest kind, and a receiver of calls.
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";

/** Keeps the letters it is given; `refusal` set, it refuses them with these words. */
export async function startMail() {
  const mail = { letters: [], refusal: null };
  const sockets = new Set();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => undefined);
    socket.setEncoding("utf8");
    socket.write("220 mail.test ready\r\n");
    let unread = "";
    let inLetter = false;
    socket.on("data", (chunk) => {
      unread += chunk;
      for (;;) {
        const end = unread.indexOf(inLetter ? "\r\n.\r\n" : "\r\n");
        if (end < 0) return;
        const text = unread.slice(0, end);
        unread = unread.slice(end + (inLetter ? 5 : 2));
        if (inLetter) {
          inLetter = false;
          mail.letters.push(readable(text));
          socket.write("250 kept\r\n");
          continue;
        }
        const verb = text.slice(0, 4).toUpperCase();
        inLetter = verb === "DATA";
        if (verb === "QUIT") socket.end("221 bye\r\n");
        else if (verb === "RCPT" && mail.refusal)
          socket.write(`550 ${mail.refusal}\r\n`);
        else socket.write(inLetter ? "354 go on\r\n" : "250 fine\r\n");
      }
    });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  mail.port = server.address().port;
  mail.stop = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return mail;
}

/** A letter with its lines joined and its letters decoded, to look for words in. */
function readable(letter) {
  return letter
    .replace(/=\r?\n/g, "")
    .replace(/=([0-9A-F]{2})/g, (_, code) =>
      String.fromCharCode(parseInt(code, 16)),
    );
}

/** Keeps the calls it gets and answers them with `status`. */
export async function startReceiver() {
  const receiver = { calls: [], status: 200 };
  const server = createHttpServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    receiver.calls.push({
      headers: request.headers,
      body: Buffer.concat(chunks).toString("utf8"),
    });
    response.writeHead(receiver.status).end();
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  receiver.url = `http://127.0.0.1:${server.address().port}/hook`;
  receiver.stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return receiver;
}

/** A store that takes its time: it answers nothing before it is stopped. */
export async function startSlowStore() {
  const store = {};
  const server = createHttpServer();
  store.asked = new Promise((done) => server.once("request", done));
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  store.url = `http://127.0.0.1:${server.address().port}/`;
  store.stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return store;
}
