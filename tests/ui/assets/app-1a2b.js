console.log("planted, and long enough to be worth a smaller form");
