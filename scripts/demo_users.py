"""usage: demo_users.py DATABASE   prints the users who can log in with a password that equals their login"""

import sys

import psycopg2
from passlib.context import CryptContext

USERS = """
    SELECT u.login, p.name, u.password, coalesce(string_agg(DISTINCT g.name, ', ' ORDER BY g.name)
           FILTER (WHERE c.name ILIKE '%crowd%' OR c.name ILIKE '%helpdesk%'), '')
      FROM res_users u
      JOIN res_partner p ON p.id = u.partner_id
      LEFT JOIN res_groups_users_rel r ON r.uid = u.id
      LEFT JOIN res_groups g ON g.id = r.gid
      LEFT JOIN ir_module_category c ON c.id = g.category_id
     WHERE u.active AND u.password IS NOT NULL
     GROUP BY u.id, p.name
     ORDER BY u.id
"""


def main(database):
    crypt = CryptContext(["pbkdf2_sha512", "plaintext"])
    cursor = psycopg2.connect(dbname=database).cursor()
    cursor.execute(USERS)
    print("  login / password                  name                      role")
    for login, name, password, role in cursor.fetchall():
        if crypt.verify(login, password):
            print(f"  {login + ' / ' + login:<32}  {name:<24}  {role}")


if __name__ == "__main__":
    main(sys.argv[1])
