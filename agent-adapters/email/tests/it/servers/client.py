"""Hands a mail from standard input to a server: client.py PORT RECIPIENT."""
import smtplib
import sys

port, recipient = int(sys.argv[1]), sys.argv[2]
with smtplib.SMTP("127.0.0.1", port) as server:
    server.sendmail("kim@bakery.example", [recipient], sys.stdin.buffer.read())
