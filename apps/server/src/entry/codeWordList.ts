/** 2,048 short, common words that offend nobody, of which no two differ by one letter; three of them are 33 bits. */
export const codeWordList: readonly string[] = `
abacus absorb accent acorn acre acrobat action active actor adapt adjust admire adult advance advice afternoon agenda agree aim airplane
airport album alert alike alley alligator almanac almond alphabet alpine also always amaze amber ample amulet amuse anchor anchovy
ancient animal ankle annual answer anteater antenna anthem antique antler anvil anyone appear approve apricot april apron aquarium
arcade arch archer area arise armadillo armchair armor aroma arrange arrive arrow artichoke artist artwork ascend aside aspen assist
aster asteroid astronaut athlete atlas atom attend attic attract auburn august aurora author autumn average avocado avoid awake award
awhile awning azure backpack backyard badge bagel baker balance balcony bale ballad ballet balloon ballpark bamboo banana band banjo
banner barber baritone barley barn barnacle barrel baseball basic basket bassoon bath baton battery bayou bazaar beacon beagle beam
beaver become bed bedrock beehive beeswax before begin behind bell belong below bench beret berry beside best better bicycle bigger
binder biology birch bird birdbath birdhouse birthday biscotti biscuit bison blanket blazer blend blink bloom blossom blouse blue
blueberry bluebird board boat bobcat bobsled bold bongo bonnet bonus book bookcase bookmark boomerang borrow botany bottle bottom
boulder boulevard bounce bouquet bowl bowtie box boxcar bracelet brass brave bread breeze brick bridge brief bright bring brioche
broccoli bronze brother brownie brush bubble bucket buckle budget buffalo buffet bugle build builder bulb bumblebee bumper bundle bunny
bunting buoy burger bus butler buttercup butterfly button buzzer cabbage cabin cabinet cable caboose cactus calendar calf calico camel
camellia camera camp camper campfire campus canal canary candid candle candy canoe canteen canvas canyon cape capital captain caramel
caravan card cardinal careful cargo caribou carnival carousel carpet carrot carry cashew cashmere cassette castle catalog catch catfish
cauldron cavern cedar ceiling celery cellar cello cement centipede century cereal certain chair chalk chameleon chamomile champion
change channel chapter chariot charity charm chase chat checkers cheer cheese cheetah chef cherry chess chestnut chickadee chicken
chickpea child chimney chin chipmunk chocolate choice choose chopstick chorus chuckle cider cinema cinnabar cinnamon circle circus
citadel citrus city civic clam clarinet classic clean clever client cliff climb clinic clipboard clock close cloth club coach coast
cobbler cockatoo cocoa coconut coffee coleslaw collect college color column comb combine comet comfort comic comma common company
compare compass compose computer concert condor confetti confirm conifer connect cookie cool cooler copper copy coral cork cornbread
corner correct cosmos cottage cotton cougar count country couple courage course courtyard cousin cowboy coyote crab cradle cranberry
crane crayon cream create creature creek crescent crew cricket crisp crochet crocodile crocus croissant cross crossword crowd cruise
crumb crust crystal cube cucumber culture cup cupboard cupcake curious curl currant curve cushion custard custom cutlery cycle cymbal
cypress dachshund daffodil dahlia daily dance dandelion daring dark data daughter day daylight dazzle december decide decorate deep
degree delight deliver denim dentist describe desert design desk detail develop dewdrop dial diamond diary digit dinghy dinosaur direct
discover dish dishcloth display distance diver divide doctor dodge dog doll dolphin domino donate door doorbell dormouse dory double
dove down dozen dragon dragonfly drama draw drawer dress driftwood drink drive drizzle drop drum drummer duck dugout dumpling dune dust
dynamo eager eaglet early earring earth easel easy eat echo eclipse edge edit editor eel effort egg eggplant eggshell eighty either
elastic elbow elder electron elevator eleven elm emblem embroider emerald employ empty emu enamel encore end endive energy engine
engineer enjoy enough enter entire entry envelope equal equator equinox eraser errand escape espresso estate evening evergreen evolve
exact example excite expand expert explain explore express extra eye fabric fabulous face factory falafel falcon family fan fancy
fantasy farewell farm farmer farmhouse father faucet favorite feast february federal feed feline fellow fence fennel fern festival
fiction fiddler field fiesta fifteen fifty fig figure film final finch find finger finish firefly fireplace firewood first fishbowl five
fjord flag flagpole flair flame flamingo flannel flash flavor fleet flex flicker flight flip flipper float floor floret flotilla flow
fluffy flute fly foam focus folder folk food footprint forehead forest forever forget formal forty forum forward fossil found fountain
fourteen foxglove fragrant freckle free fresh friday friend frigate frisbee fritter frog front frozen fruit fudge fur future gadget gain
galaxy gallant galleon gallery gallop game garage garden gardenia garland garlic garment gazebo gazelle gecko gem general genius gentle
genuine geode geology geranium gesture geyser gherkin giant gibbon gift giggle giraffe glacier glad glance glass glider glimmer glitter
glory glossary gnome goal goblet goggles golden goldfish golf gondola goose goulash gourd graceful grade graham grammar granary granite
granola graph gravel gravity gravy great green greyhound griddle grill groom grotto group grove growth guard guava guess guide guitar
guitarist gull guppy gymnast habit halibut halo hamlet hammer hammock hamster handbag handrail handstand happy harbor harmony harness
harp harvest haste hawk haystack hazel hazelnut head headlight heart heather hedgehog helium helmet help here heritage heron hibiscus
hidden high highway hike hill hilltop hint history hobby hockey holiday hollow holly holster home homework honest honey honeycomb
honeydew honor hoof hop hopeful hopscotch horizon horn hornet horse horseshoe host hotel hour hourglass hover huddle huge human humble
humor hundred hungry hurry hush husky hut hyacinth hydrant hydrogen ice iceberg icicle icon idea igloo iguana image imagine impala inbox
include index indigo inform inhale ink inkwell inner input insect inside inspire instant invent invite iris ironing island itch item
ivory ivy jackal jacket jade jaguar jamboree january jar jasmine jazz jeans jelly jellyfish jersey jester jetty jewel jigsaw joiner
joint joke journal journey jovial joyful juggler juice jukebox july jump juncture jungle juniper kangaroo kayak kazoo keen keepsake
kernel kettle key keyboard keychain keystone kick kilt kindle kindling king kiosk kitchen kite kitten kiwi knapsack knee knit know
knuckle koala label ladder ladle ladybug lagoon lamb lamppost lane language lantern lanyard large lasagna laser last lattice laugh
laundry laurel lavender lawn lawyer lazy leader leaflet leap learn leek left legend lemon lemonade lemur length lens lentil leopard
lesson lettuce level liberty library lichen lifeboat lighter likely lilac lily lime limerick limestone limit linen lion liquid listen
living lizard llama loaf lobe lobster local locket logic lollipop lonely long loop lotus loud lounge lozenge lucky luggage lullaby
lumber lunar lunch lupine luxury lynx lyric macaroni macaw machine magenta magic magical magnet magnolia magpie mahogany maiden mail
mailbox major make mallard mammoth manage manatee mandarin mandolin mango mantle manual many map maple marathon marble margin marigold
marimba marina market marmot maroon marvel mascot mash matinee matter meadow mean measure meatball medium meerkat meet melody melon
member memo memory mentor menu meringue merit mermaid mesa message metal meter method metric metronome middle midnight mild milkshake
millet million mimic mineral mingle minnow minor minstrel minute miracle mirror mission mix mobile moccasin model modern modest moment
monday mongoose monitor monsoon month monthly monument moon mooring more morning mosaic moss mother motion motor moustache movie much
mud muffin mulberry mule multiply mural museum mushroom music mussel mutual mystery mystic nachos napkin narwhal nation nature nautilus
navy near nearby nebula nectar needle neighbor neon nephew network neutral never new next nibble nickel night nimbus ninety nod noodle
north nose notebook notice nougat nourish novel november nugget nurse nutmeg oak oasis oatmeal object oboe observe ocean octave october
octopus odd offer office often oil okay okra oleander olive omelet once ongoing onion online only opal opera opinion option orange orbit
orca orchard orchid order ordinary oregano organ orient origami original oriole osprey ostrich otter outdoor outfit outline outpost
outside oven overall overcoat overlap overlook oxbow oxygen oyster pack package paddle paddock page pagoda paint painter pajamas palace
palette palm palmetto pamphlet pancake panda panel pansy panther pantry papaya paper papyrus parachute parade parakeet parasol parcel
parchment parent parka parsley parsnip part partner pass pasta pasture patchwork patient patio patrol pattern pause pavilion peaceful
peacock peak peanut peapod pearl pebble pecan pedal pelican pen pencil pendant pendulum penguin penny pepper pepperoni perch perfect
perform perfume pergola perhaps periscope person petunia pheasant phoenix phone photo phrase physics piano piccolo pickle picnic piece
pier pigeon pigment pillar pillow pine pinecone pinwheel pioneer pirate pistachio pitcher pivot pixel pizza plaid planet plank plate
platform platypus play player playful plaza please pledge plenty plot plume plural plus poem polar polish polite polka pollen polygon
poncho pond popcorn poppy popular porcelain porcupine porpoise portion portrait position positive possible possum postbox postcard
potato pottery powder prairie precise prefer premium prepare present pretty pretzel pride primary primrose prince princess prism private
problem produce profit program project promise proof propeller proper proud provide public pudding pulley pulse puma pumpkin pupil
puppet pure purple purpose puzzle pylon pyramid quail quality quantity quarry quart queen quest question quiche quick quicksand quiet
quill quince quite quiver rabbit raccoon racer radar radio radish raft rainbow raincoat raindrop raise raisin rally ranch random ranger
rapid rare raspberry ratchet rattle raven ravioli react ready real reason recent recess recipe recital record recycle reef refresh
region reindeer relax remain remark remember remind remote renew repair repeat reply report request rescue respect restore result return
reveal review reward rhubarb rhyme rhythm rickshaw rigging rinse ripe ripple rival road robin robot rock rodeo role romp roomy rooster
rosemary rotate routine row rowboat rowing royal rubber ruby rucksack rudder rug ruler runner runway rustic safari safe safety saffron
saga sailor salad salmon salsa salt salute samba sandal sandbox sandpiper sandwich sapling sapphire sardine satin satisfy saturday
saturn sauce savor saxophone scale scallop scan scarecrow scarf scarlet scene scenic schedule scholar school schooner science scissors
scoop scooter score scout screen scroll scrub sea seagull seahorse search seashell seaside seaweed second secret section seesaw select
self senior sense september sequoia serenade serene series serve session setup seven seventy shade shadow shallot shamrock shawl shed
sheep shelter sherbet sheriff shield shift shimmer shine shingle shoe shoehorn shoelace shoulder shovel shower shrimp shrug shuffle
shuttle sidewalk sign signal silence silk silly silver similar simple sip siren sixteen sixty size skate sketch ski skill skirt skylark
skyline sleeve slice slope slush small smart smile smooth smoothie snack snail snap sniff snorkel snowball snowflake snowman snug soccer
social soda solid solo solve sombrero sonata sorbet sort soup south space spaghetti spaniel spark sparkle sparrow spatula special
spectrum speech speed spell sphere spin spinach spindle spiral spire spirit splash split sponge spoon spot spread spring sprout spruce
spyglass square squash squeeze squid squirrel stable stadium staff stage stairs stallion stamp stand starfish starling station statue
stay steady steam steel steeple stencil stereo stew stick stingray stir stirrup stitch stool stop stopwatch stork stove straw streamer
street stretch stride strong strudel student studio study style subject subway sudden sugar suggest suit summer summit sun sunday
sundial sunflower sunlight sunrise sunset super supply support surf surface surfboard surprise sushi suspender swallow sweater sweet
swim swing swirl swordfish sycamore symbol symphony syrup system tablet tackle tadpole taffeta talent talk tangerine tangle tapestry
tapioca target tarragon tartan taxi teach teacher teacup teapot teaspoon telescope tempo tender tennis tent term terrace terrapin
terrier thank thaw theater theme theory thermos thick thimble thing third thirteen thirty thistle thought thread thrill thrive thumb
thunder thursday tiara ticket tidy tie tiger timber tinker tinsel title toboggan today together tomato tomorrow tone tonight toolbox
tooth topaz topiary topic tornado tortoise total toucan tough toward tower toy trace tractor trader tradition traffic train transit
trapeze tray treasure treehouse trek trend trial triangle tricycle trident trim trolley trombone trophy trout true truffle trumpet trunk
truth tuba tuesday tugboat tulip tundra tunic tunnel turbine turkey turn turnip turquoise turtle tutor tuxedo twelve twenty twice twig
twilight twist two type ukulele umbrella unfold unicorn uniform unique united unity universe unwrap upbeat update upland upright
upstairs urban urchin use useful usher utensil vacation vacuum valentine valid value vanilla vase vault vegetable vehicle velvet venture
venue veranda verb verse vessel viaduct view village vinegar vintage viola violet violin visa vision visit visitor visual vital vivid
voice volcano volley volume vote vowel voyage waffle wagon wait wall walnut walrus waltz wander warbler wardrobe warehouse water
waterfall wax wealth weave web webcam wedding wednesday weekend weekly welcome wharf wheat wheel whirlpool whisker whole wicker wide
width win windmill window windsock winter witty wooden word worker wrap wreath wren wrist writer yacht yam yearbook yes yoga yogurt
young zebra zenith zeppelin zero zigzag zinnia zipper zoo zucchini
`
  .trim()
  .split(/\s+/);
