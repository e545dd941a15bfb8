# Read by the "flask" command. Settings and secrets go to .env; see .env.example.
FLASK_APP=storefront.commandline:shop
