from matpi.cli import main

main()
